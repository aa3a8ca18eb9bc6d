"""Macro faults: what is wrong with a macro that is saved or brought in, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.domain.claims import Claim
from mostrador.domain.macro_files import FileFault
from mostrador.domain.macro_reading import Fault, FaultCode
from mostrador.domain.macros import Says
from mostrador.web.macro_form import language_word
from mostrador.web.macro_words import SAYS_WORDS, places_words

FAULT_WORDS: dict[FaultCode, str | Promise] = {
    FaultCode.MISSING: gettext_lazy("is missing"),
    FaultCode.UNKNOWN_FIELD: gettext_lazy("is not known here (known: %(wanted)s)"),
    FaultCode.WRONG_KIND: gettext_lazy("must be of another kind (%(wanted)s)"),
    FaultCode.NOT_A_SLUG: gettext_lazy("“%(given)s” is no name: small letters, digits, - and _"),
    FaultCode.TWICE: gettext_lazy("there is a macro “%(given)s” already"),
    FaultCode.UNKNOWN_LANGUAGE: gettext_lazy("is none of the languages (%(wanted)s)"),
    FaultCode.TOO_LONG: gettext_lazy("is too long: %(length)s characters, %(longest)s fit"),
    FaultCode.UNKNOWN_PLACE: gettext_lazy("nothing is known that could fill {%(given)s}"),
    FaultCode.NOT_ONE_OF: gettext_lazy("“%(given)s” is none of: %(wanted)s"),
    FaultCode.NOT_A_PERCENTAGE: gettext_lazy("“%(given)s” is no percentage above 0 and up to 100"),
    FaultCode.NOT_AN_AGENT: gettext_lazy("“%(given)s” is nobody who signs in here"),
    FaultCode.TWO_MONEY_STEPS: gettext_lazy("a macro refunds or cancels once"),
    FaultCode.TWO_OF_A_KIND: gettext_lazy("“%(given)s” stands there twice"),
    FaultCode.CLOSE_NEEDS_TEXT: gettext_lazy(
        "a macro that refunds or cancels closes the ticket with its answer: write one"
    ),
    FaultCode.NOTHING_IN_IT: gettext_lazy("write words, or choose what the macro does"),
    FaultCode.MARK_NEEDED: gettext_lazy(
        "the words tell what only Amazon can settle (%(given)s): choose what they claim"
    ),
    FaultCode.OTHER_MARK: gettext_lazy("what the words claim is not what the macro does"),
    FaultCode.TOO_MANY: gettext_lazy("too many: %(longest)s fit"),
}


class _Facts(dict[str, str]):
    """Facts whose unknown names become a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def fault_words(fault: Fault) -> str:
    """Return a fault as a sentence with its place."""
    facts = _Facts(fault.facts)
    if fault.code is FaultCode.MARK_NEEDED:
        facts["given"] = places_words(facts["given"].split(", "))
    return f"{place_word(fault.place)}: {str(FAULT_WORDS[fault.code]) % facts}"


def file_fault_words(fault: FileFault) -> str:
    """Return a fault of a file as a sentence with its line."""
    where = _("Line %(line)s") % {"line": fault.line} + (f" ({fault.slug})" if fault.slug else "")
    if fault.fault is None:
        return f"{where}: " + _("this is not TOML: %(words)s") % {"words": fault.syntax}
    return f"{where}: {fault_words(fault.fault)}"


def place_word(place: str) -> str:
    """Return the name of a field as the form shows it, or the file's own."""
    name, _dot, language = place.partition(".")
    names: Mapping[str, str] = {
        "slug": _("Short name"),
        "title": _("Name"),
        "text": _("Words"),
        "says": _("What the words claim"),
        "steps": _("What it does"),
    }
    if language and name in ("title", "text"):
        return f"{names[name]} ({language_word(language)})"
    return names.get(place, place)


def claims_words(claims: Iterable[Claim]) -> list[str]:
    """Return what each unmarked claim means, and what to do."""
    found: dict[Says, list[str]] = {}
    for claim in claims:
        found.setdefault(claim.claims, []).append(language_word(claim.language))
    return [
        _(
            "The words (%(languages)s) say %(claim)s, but the macro is not bound to that: it could be sent "
            "before it is true. Choose it under “What the words claim”, or change the words."
        )
        % {"languages": ", ".join(languages), "claim": SAYS_WORDS[says]}
        for says, languages in found.items()
    ]
