"""Policy: what Amazon's communication rules forbid in a message to a buyer, found before it leaves.

What Amazon's own pages say is hard and stops the message; what is unconfirmed is soft and warns once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain import policy_words as words
from mostrador.domain.telephones import telephones

LONGEST_QUOTE = 80
MOST_FINDINGS = 20


class Rule(StrEnum):
    """Every rule a message can break; the value is what the API answers."""

    EXTERNAL_LINK = "external_link"
    EMAIL_ADDRESS = "email_address"
    PHONE_NUMBER = "phone_number"
    REVIEW_BEGGING = "review_begging"
    ASKS_TO_CANCEL = "asks_to_cancel"
    THANK_YOU_ONLY = "thank_you_only"
    IMPORTANT_TAG = "important_tag"
    PROMOTION = "promotion"
    OTHER_CHANNEL = "other_channel"


class Force(StrEnum):
    """Hard stops a message; soft warns once."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a text that breaks a rule: `text[start:end]`; `quote` is that, shortened for showing."""

    rule: Rule
    force: Force
    start: int
    end: int
    quote: str


def check(text: str, *, is_first_contact: bool = False) -> tuple[Finding, ...]:
    """Return what breaks a rule in a message, in the order it stands there, one finding for each place.

    The words are looked for in all six languages, whatever the ticket's is: agents also answer in others.
    `is_first_contact` tells that the buyer has not written: only then may a message be marked as important.
    """
    plain = text.translate(_NARROW)
    found = [*_addresses(plain), *_telephones(plain), *_phrases(plain), *_thanks_only(plain)]
    if not is_first_contact:
        found += [_finding(plain, Rule.IMPORTANT_TAG, Force.SOFT, m) for m in words.IMPORTANT.finditer(plain)]
    return tuple(sorted(_without_overlaps(found), key=lambda one: one.start)[:MOST_FINDINGS])


def hard(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return those that stop a message."""
    return tuple(one for one in findings if one.force is Force.HARD)


def soft(findings: Sequence[Finding], *, accepted: frozenset[str]) -> tuple[Finding, ...]:
    """Return those that warn, without the rules a person has been warned of already."""
    return tuple(one for one in findings if one.force is Force.SOFT and one.rule not in accepted)


# ── the places ────────────────────────────────────────────────────────────────────────────────────────────

# Full-width signs as Japanese keyboards write them; one for one, so that places stay where they are.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def _finding(text: str, rule: Rule, force: Force, place: re.Match[str] | tuple[int, int]) -> Finding:
    start, end = place.span() if isinstance(place, re.Match) else place
    said = " ".join(text[start:end].split())
    quote = said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"
    return Finding(rule, force, start, end, quote)


def _without_overlaps(found: Sequence[Finding]) -> Iterator[Finding]:
    """Keep the strongest of findings that share a place."""
    taken: list[tuple[int, int]] = []
    for one in sorted(found, key=lambda one: (one.force is Force.SOFT, one.start, -one.end)):
        if one.rule is Rule.THANK_YOU_ONLY or all(one.end <= a or one.start >= b for a, b in taken):
            taken.append((one.start, one.end))
            yield one


# ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.ASCII)
_HIDDEN_MAIL = re.compile(
    r"\b[\w.+-]{1,64}\s*(?:\(at\)|\[at\]|\{at\}|\s+at\s+)\s*[\w-]{1,63}\s*(?:\(dot\)|\[dot\]|\s+dot\s+|\.)\s*"
    r"(?:com|net|org|de|es|fr|it|jp|co\.uk|eu)\b",
    re.ASCII | re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)[^\s<>\"'\]）」]{1,2000}", re.ASCII | re.IGNORECASE
)
# Sites named without http: the endings that are no words of the six languages, and those that may be.
_CLEAR = "com|net|org|info|shop|store|online|biz|eu|co\\.uk|co\\.jp|com\\.mx|io|app|site|xyz|ly|gl"
_DOUBTFUL = "de|es|fr|it|jp|nl|se|pl|uk|ch|at|be|me|to|tv|cc|us|ca"
_SITE = re.compile(
    rf"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+(?:(?P<clear>{_CLEAR})|(?P<doubtful>{_DOUBTFUL}))"
    r"(?![\w@-]|\.\w)(?:/[^\s<>\"'）」]*)?",
    re.ASCII | re.IGNORECASE,
)
_SHOPS = frozenset(place.domain.lower() for place in MARKETPLACES.values()) | {"amazon.com", "a.co"}
# Where a parcel can be followed: Amazon allows links needed for the order, but does not name the sites.
_FOLLOWED = (
    "dhl.com dhl.de dhl.es dhl.fr dhl.it deutschepost.de ups.com dpd.com dpd.de dpd.fr dpd.co.uk gls- "
    "group.eu gls-group.com gls-pakete.de myhermes.de hermesworld.com fedex.com usps.com royalmail.com "
    "parcelforce.com evri.com laposte.fr colissimo.fr chronopost.fr mondialrelay.fr correos.es "
    "correosexpress.com seur.com mrw.es poste.it brt.it sda.it postnl.nl bpost.be sagawa-exp.co.jp "
    "kuronekoyamato.co.jp post.japanpost.jp 17track.net canadapost.ca "
)
_CARRIERS = frozenset(_FOLLOWED.split())


def _addresses(text: str) -> Iterator[Finding]:
    mails, links = list(_MAIL.finditer(text)), list(_LINK.finditer(text))
    for found in mails:
        if not _is_within(found.group().rpartition("@")[2], _SHOPS):
            yield _finding(text, Rule.EMAIL_ADDRESS, Force.HARD, found)
    for found in _HIDDEN_MAIL.finditer(text):
        yield _finding(text, Rule.EMAIL_ADDRESS, Force.SOFT, found)
    for found in links:
        yield from _link(text, found, Force.HARD)
    # What is a part of an address has been judged with it.
    judged = iter(sorted(found.span() for found in (*mails, *links)))
    place = next(judged, None)
    for found in _SITE.finditer(text):
        while place and place[1] <= found.start():
            place = next(judged, None)
        if place and place[0] < found.end():
            continue
        is_clear = found["clear"] is not None or "/" in found.group()
        yield from _link(text, found, Force.HARD if is_clear else Force.SOFT)


def _link(text: str, found: re.Match[str], force: Force) -> Iterator[Finding]:
    host = host_of(found.group())
    if _is_within(host, _SHOPS):
        return
    force = Force.SOFT if _is_within(host, _CARRIERS) else force
    end = found.start() + len(found.group().rstrip(".,;:!?)"))
    yield _finding(text, Rule.EXTERNAL_LINK, force, (found.start(), end))


def host_of(link: str) -> str:
    """Return the host a link leads to, not the one it pretends to lead to."""
    rest = link.partition("://")[2] or link
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    return authority.rpartition("@")[2].partition(":")[0].rstrip(".,;!?)").lower()


def _is_within(host: str, domains: frozenset[str]) -> bool:
    labels = host.lower().split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────

_PHRASES = (
    (Rule.REVIEW_BEGGING, Force.HARD, words.REVIEW_BEGGING),
    (Rule.REVIEW_BEGGING, Force.SOFT, words.FEEDBACK),
    (Rule.PROMOTION, Force.HARD, words.PROMOTION),
    (Rule.PROMOTION, Force.SOFT, words.COUPON),
    (Rule.ASKS_TO_CANCEL, Force.SOFT, words.ASKS_TO_CANCEL),
    (Rule.OTHER_CHANNEL, Force.SOFT, words.OTHER_CHANNEL),
)


def _phrases(text: str) -> Iterator[Finding]:
    for rule, force, pattern in _PHRASES:
        for found in pattern.finditer(text):
            yield _finding(text, rule, force, found)


def _telephones(text: str) -> Iterator[Finding]:
    for start, end, is_certain in telephones(text):
        yield _finding(text, Rule.PHONE_NUMBER, Force.HARD if is_certain else Force.SOFT, (start, end))


def _thanks_only(text: str) -> Iterator[Finding]:
    """Find a message that says nothing but thanks: Amazon calls it unnecessary."""
    if words.THANKS.search(text) is None or any(sign.isdigit() or sign in "?{" for sign in text):
        return
    body = words.CLOSING.split(words.GREETING.sub("", text.strip(), count=1), maxsplit=1)[0]
    body = words.COURTESY_JA.sub("", body)
    said = re.findall(r"[^\W\d_]+", body.lower())
    if all(word in words.COURTESY or len(word) <= 1 for word in said):
        yield _finding(text, Rule.THANK_YOU_ONLY, Force.SOFT, (0, len(text)))
