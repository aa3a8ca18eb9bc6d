"""Who wrote: a buyer behind Amazon's relay, Amazon's own machines, a mail server, or someone else."""

import re
from enum import StrEnum
from typing import Final

from mostrador.mail.mime import Headers, Walk, first_value, parameterless

_RELAY = re.compile(r"(?i)^[^@]+@marketplace\.amazon(?:\.[a-z]{2,3}){1,2}$")
_AMAZON = re.compile(r"(?i)@(?:[a-z0-9-]+\.)*amazon(?:\.[a-z]{2,3}){1,2}$")
_RELAY_SUFFIX = re.compile(r"\s+[-–—]\s+Amazon\s+Marketplace\s*$", re.IGNORECASE)
_POSTMASTERS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "bounce", "bounces"})
_ROBOTS = re.compile(
    r"(?i)^(?:no-?reply|do-?not-?reply|auto-?communication|fba-?no-?reply|auto-?confirm|shipment-tracking)"
)
# What programs that answered before RFC 3834 write.
_ANSWERING_MACHINES: Final = ("x-autoreply", "x-autorespond", "x-auto-reply-from")
# Notices that a letter of ours was not passed on; only believed from Amazon's own senders and mail servers.
_NOT_PASSED_ON = re.compile(
    r"(?i)(undeliver|could not be (?:delivered|sent)|(?:was|were) not (?:delivered|sent)"
    r"|couldn.t be (?:delivered|sent)"
    r"|unable to deliver|delivery (?:status notification|has failed|failure)|message rejected|returned mail"
    r"|not (?:an? )?(?:approved|authori[sz]ed)|non-approved|opted[ -]out"
    r"|nicht zugestellt|konnte nicht (?:zugestellt|gesendet)|unzustellbar|nicht (?:genehmigt|autorisiert)"
    r"|n.a pas pu être (?:envoyé|remis|distribué|livré)|non (?:remis|autorisée?|approuvée?)"
    r"|no se (?:ha podido|pudo|ha) (?:enviar|entregar|entregado)|no (?:autorizad|aprobad)"
    r"|non (?:è stato|è stata|è stato possibile) (?:consegnat|inviat|recapitat)|mancata consegna"
    r"|配信できません|送信できません|送信されません|届けられません|承認されていません)"
)
_NOTICE_CHARS: Final = 4_000


class Kind(StrEnum):
    """What sort of sender a mail has."""

    BUYER = "buyer"
    SYSTEM = "system"
    BOUNCE = "bounce"
    OTHER = "other"


def is_relay(address: str) -> bool:
    """Whether an address is an alias of Amazon's buyer-seller relay."""
    return bool(_RELAY.match(address))


def is_amazons_own(address: str) -> bool:
    """Whether an address is one of Amazon's own machines, not a buyer's alias."""
    return bool(_AMAZON.search(address)) and not is_relay(address)


def buyer_name(shown: str) -> str:
    """Give the buyer's name as Amazon shows it, without its own suffix."""
    return _RELAY_SUFFIX.sub("", shown).strip()


def kind_of(headers: Headers, walk: Walk, address: str, subject: str, body: str) -> Kind:
    """Sort a mail by its sender and, for machines, by what it reports."""
    local = address.partition("@")[0].lower()
    if local in _POSTMASTERS or _is_delivery_report(headers, walk):
        return Kind.BOUNCE
    if is_relay(address):
        return Kind.BUYER
    is_machine = bool(_ROBOTS.match(local)) or bool(_AMAZON.search(address))
    if not is_machine:
        return (
            Kind.BOUNCE if _has_empty_return_path(headers) and _NOT_PASSED_ON.search(subject) else Kind.OTHER
        )
    is_notice = _AMAZON.search(address) and _NOT_PASSED_ON.search(f"{subject}\n{body[:_NOTICE_CHARS]}")
    return Kind.BOUNCE if is_notice else Kind.SYSTEM


def is_automatic(headers: Headers) -> bool:
    """Whether a mail says of itself that a machine answers in somebody's absence (RFC 3834 §5).

    `auto-generated` and bulk mail are no proof: a relay may stamp what a person wrote.
    """
    word = parameterless(headers, "auto-submitted") or first_value(headers, "auto-submitted").strip().lower()
    if word == "auto-replied" or first_value(headers, "precedence").strip().lower() == "auto_reply":
        return True
    return any(first_value(headers, name).strip() for name in _ANSWERING_MACHINES)


def _is_delivery_report(headers: Headers, walk: Walk) -> bool:
    if parameterless(headers, "content-type") != "multipart/report":
        return False
    return any(leaf.content_type == "message/delivery-status" for leaf in walk.leaves)


def _has_empty_return_path(headers: Headers) -> bool:
    return first_value(headers, "return-path").strip() == "<>"
