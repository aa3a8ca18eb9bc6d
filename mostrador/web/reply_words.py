"""Reply words: why an answer or a file is refused, and which of Amazon's rules a message breaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mostrador.domain.policy import Finding, Force, Rule
from mostrador.domain.refusals import Refusal, RefusalCode

_C = RefusalCode
REPLY_SENTENCES = {
    _C.AGAINST_POLICY: gettext_lazy(
        "Amazon forbids this in a message to a buyer: %(rule_title)s. %(rule_advice)s Found: “%(quote)s”."
    ),
    _C.POLICY_WARNING: gettext_lazy(
        "Amazon may forbid this in a message to a buyer: %(rule_title)s. %(rule_advice)s Found: “%(quote)s”."
    ),
    _C.FILE_EMPTY: gettext_lazy("“%(name)s” is empty: choose another file."),
    _C.FILE_KIND: gettext_lazy(
        "“%(name)s” is not a kind of file Amazon carries to buyers: only txt, pdf, Word (doc, docx), jpg, "
        "gif and png."
    ),
    _C.FILE_NAME: gettext_lazy(
        "“%(name)s” is named like another kind of file than it is (%(kind)s): rename it, or choose another."
    ),
    _C.FILES_TOO_LARGE: gettext_lazy(
        "“%(name)s” does not fit: Amazon carries at most 10 MB in one message, all files together."
    ),
    _C.TOO_MANY_FILES: gettext_lazy("“%(name)s” does not fit: %(most)s files go with one message."),
    _C.FILE_GONE: gettext_lazy("A file was taken away meanwhile. Look at the list, and press again."),
    _C.NOT_AN_OWNER: gettext_lazy("Only an owner can change this."),
}

# What Amazon forbids, and what to change.
RULE_WORDS: dict[Rule, tuple[str | Promise, str | Promise]] = {
    Rule.EXTERNAL_LINK: (
        gettext_lazy("A link out of Amazon"),
        gettext_lazy("Amazon allows only links to Amazon: take it out, or say it in words."),
    ),
    Rule.EMAIL_ADDRESS: (
        gettext_lazy("An e-mail address"),
        gettext_lazy("Buyers answer through Amazon: take the address out."),
    ),
    Rule.PHONE_NUMBER: (
        gettext_lazy("A telephone number"),
        gettext_lazy("Buyers answer through Amazon: take the number out."),
    ),
    Rule.REVIEW_BEGGING: (
        gettext_lazy("Asking for a review"),
        gettext_lazy("Amazon forbids asking for reviews or feedback, or for changing them: take it out."),
    ),
    Rule.ASKS_TO_CANCEL: (
        gettext_lazy("Asking the buyer to cancel"),
        gettext_lazy("A buyer must not be made to cancel: cancel it yourself, or say what the buyer can do."),
    ),
    Rule.THANK_YOU_ONLY: (
        gettext_lazy("Nothing but thanks"),
        gettext_lazy("Amazon calls such messages unnecessary: say what happens next, or close the ticket."),
    ),
    Rule.IMPORTANT_TAG: (
        gettext_lazy("Marked as important"),
        gettext_lazy("“[Important]” is for a first message without which an order cannot be completed."),
    ),
    Rule.PROMOTION: (
        gettext_lazy("Advertising"),
        gettext_lazy("Messages must not advertise, nor offer coupons: take it out."),
    ),
    Rule.OTHER_CHANNEL: (
        gettext_lazy("Another way to talk"),
        gettext_lazy("Buyers and sellers talk through Amazon only: take it out."),
    ),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of Amazon a message breaks, with every place where it does."""

    rule: Rule
    title: str | Promise
    advice: str | Promise
    quotes: Sequence[str]
    is_hard: bool


def broken_rules(findings: Iterable[Finding]) -> list[Broken]:
    """Return the broken rules as the box shows them, the hard ones first."""
    places: dict[tuple[bool, Rule], list[str]] = {}
    for one in findings:
        places.setdefault((one.force is Force.HARD, one.rule), []).append(one.quote)
    return [
        Broken(rule, *RULE_WORDS[rule], list(dict.fromkeys(quotes)), is_hard)
        for (is_hard, rule), quotes in sorted(places.items(), key=lambda one: not one[0][0])
    ]


def is_about_policy(refusal: Refusal) -> bool:
    """Return whether a refusal is one the box shows beside the words that break the rule."""
    return refusal.code in (RefusalCode.AGAINST_POLICY, RefusalCode.POLICY_WARNING)


def rule_facts(name: str) -> dict[str, str]:
    """Return what the sentences above need to say of a rule."""
    if name not in set(Rule):
        return {}
    title, advice = RULE_WORDS[Rule(name)]
    return {"rule_title": str(title), "rule_advice": str(advice)}
