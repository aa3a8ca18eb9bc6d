"""Macro form: a macro as fields an owner fills in, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.macro_reading import plain_macro
from mostrador.domain.macro_steps import HowMuch
from mostrador.domain.macros import LANGUAGES, Macro, Says
from mostrador.domain.orders import FulfillmentStatus
from mostrador.domain.tickets import Priority
from mostrador.models import Agent
from mostrador.web.macro_words import HOW_WORDS, PLACE_WORDS, PRIORITY_WORDS, SAYS_WORDS
from mostrador.web.notation import locale
from mostrador.web.reasons import cancel_reasons, refund_reasons

LONGEST_TYPED = 20_000
Option = tuple[str, str, bool]  # value, words, chosen


@dataclass(frozen=True, slots=True)
class Tab:
    """One language: its words, and whose stand in for them where there are none."""

    language: str
    name: str
    title: str
    text: str
    stands_in: str
    fallback: str


@dataclass(frozen=True, slots=True)
class MacroForm:
    """The form as it stands: plain values, in the order in which the page shows them."""

    plain: Mapping[str, Any]
    tabs: Sequence[Tab]
    shown: str
    choices: Mapping[str, Sequence[Option]]
    money: Mapping[str, str]
    tags: str
    closes: bool


def blank_plain() -> dict[str, Any]:
    """Return a new macro as plain values."""
    return {"slug": "", "title": {}, "text": {}, "when": {}, "steps": [], "active": True, "position": 900}


def form_of(plain: Mapping[str, Any], *, shown: str) -> MacroForm:
    """Return plain values as a form; `shown` is the language on top."""
    steps: dict[str, Mapping[str, str]] = {step["do"]: step for step in plain.get("steps", [])}
    tags = [step["tag"] for step in plain.get("steps", []) if step["do"] == "tag"]
    money = steps.get("refund") or steps.get("cancel") or {}
    return MacroForm(
        plain=plain,
        tabs=[_tab(plain, language) for language in LANGUAGES],
        shown=shown if shown in LANGUAGES else LANGUAGES[0],
        choices=_choices(plain, steps, money),
        money=money,
        tags=", ".join(tags),
        closes="close" in steps,
    )


def _tab(plain: Mapping[str, Any], language: str) -> Tab:
    texts: Mapping[str, str] = plain.get("text", {})
    whole = Macro("", {}, {one: text for one, text in texts.items() if text.strip()})
    spoken = whole.language_for(language)
    is_missing = not texts.get(language, "").strip() and bool(whole.texts)
    return Tab(
        language=language,
        name=language_word(language),
        title=plain.get("title", {}).get(language, ""),
        text=texts.get(language, ""),
        stands_in=language_word(spoken) if is_missing else "",
        fallback=whole.text_in(language) if is_missing else "",
    )


def language_word(code: str) -> str:
    """Return the name of a language in the agent's own."""
    return str(locale().languages.get(code, code))


def _choices(
    plain: Mapping[str, Any], steps: Mapping[str, Mapping[str, str]], money: Mapping[str, str]
) -> dict[str, list[Option]]:
    when: Mapping[str, Any] = plain.get("when", {})
    how = f"refund-{money.get('how', '')}" if money.get("do") == "refund" else money.get("do", "")
    whom = [(agent.email, agent.name) for agent in Agent.objects.get_queryset().active().order_by("name")]
    return {
        "says": _options([(says.value, SAYS_WORDS[says]) for says in Says], plain.get("says", "")),
        "marketplaces": _several(
            [(each.country_code, each.domain) for each in MARKETPLACES.values()], when.get("marketplaces")
        ),
        "statuses": _several([(each.value, each.value) for each in FulfillmentStatus], when.get("statuses")),
        "languages": _several([(each, language_word(each)) for each in LANGUAGES], when.get("languages")),
        "fulfilled_by": _options(
            [("", _("any order")), ("FBM", _("you ship it (FBM)")), ("FBA", _("Amazon ships it (FBA)"))],
            when.get("fulfilled_by", ""),
        ),
        "open_refund": _options(
            [("", _("either way")), ("yes", _("only then")), ("no", _("only without"))],
            _flag(when.get("open_refund")),
        ),
        "asked_to_cancel": _options(
            [("", _("either way")), ("yes", _("only then")), ("no", _("only without"))],
            _flag(when.get("asked_to_cancel")),
        ),
        "money": _options(
            [
                ("", _("moves no money")),
                *((f"refund-{each}", _("refund: %(how)s") % {"how": HOW_WORDS[each]}) for each in HowMuch),
                ("cancel", _("cancel the order")),
            ],
            how,
        ),
        "refund_reason": _reasons(refund_reasons(), money if money.get("do") == "refund" else {}),
        "cancel_reason": _reasons(cancel_reasons(), money if money.get("do") == "cancel" else {}),
        "assign": _options(
            [
                ("", _("leave it as it is")),
                ("me", _("whoever presses")),
                ("nobody", _("everyone again")),
                *whom,
            ],
            steps.get("assign", {}).get("to", ""),
        ),
        "priority": _options(
            [
                ("", _("leave it as it is")),
                *((each.name.lower(), PRIORITY_WORDS[each.name.lower()]) for each in Priority),
            ],
            steps.get("priority", {}).get("priority", ""),
        ),
    }


def _flag(value: object) -> str:
    return {True: "yes", False: "no"}.get(value is True, "") if value is not None else ""


def _options(pairs: Sequence[tuple[str, object]], chosen: str) -> list[Option]:
    known = [(value, str(words), value == chosen) for value, words in pairs]
    return known if any(each[2] for each in known) else [*known, (chosen, chosen, True)]


def _several(pairs: Sequence[tuple[str, object]], chosen: Sequence[str] | None) -> list[Option]:
    return [(value, str(words), value in (chosen or ())) for value, words in pairs]


def _reasons(groups: Sequence[Any], money: Mapping[str, str]) -> list[Option]:
    pairs = [(code, words) for group in groups for code, words in group.reasons]
    return _options([("", _("Choose …")), *pairs], money.get("reason", ""))


# ── back ──────────────────────────────────────────────────────────────────────────────────────────────────


def read_form(posted: QueryDict, *, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values of a posted form; what the form does not show stays as it was `before`."""
    return {
        "slug": posted.get("slug", "").strip()[:80],
        "title": _by_language(posted, "title"),
        "text": _by_language(posted, "text"),
        "when": _read_when(posted),
        "steps": _read_steps(posted),
        "active": posted.get("active") == "1",
        "position": before.get("position", 900),
        **({"says": says} if (says := posted.get("says", "")[:40]) else {}),
    }


def _by_language(posted: QueryDict, name: str) -> dict[str, str]:
    typed = {one: posted.get(f"{name}-{one}", "").replace("\r\n", "\n")[:LONGEST_TYPED] for one in LANGUAGES}
    return {language: text.strip() for language, text in typed.items() if text.strip()}


def _read_when(posted: QueryDict) -> dict[str, Any]:
    when: dict[str, Any] = {
        name: values[:60]
        for name in ("marketplaces", "statuses", "languages")
        if (values := posted.getlist(name))
    }
    if by := posted.get("fulfilled_by", "")[:10]:
        when["fulfilled_by"] = by
    for name in ("open_refund", "asked_to_cancel"):
        if (flag := posted.get(name, "")) in ("yes", "no"):
            when[name] = flag == "yes"
    return when


def _read_steps(posted: QueryDict) -> list[dict[str, str]]:
    steps: list[dict[str, str]] = []
    money, _dash, how = posted.get("money", "")[:40].partition("-")
    if money == "refund":
        percent = {"percent": posted.get("percent", "").strip()[:12]} if how == HowMuch.PERCENT else {}
        steps.append({"do": "refund", "how": how, **percent, "reason": posted.get("refund_reason", "")[:60]})
    elif money:
        steps.append({"do": money, "reason": posted.get("cancel_reason", "")[:60]})
    tags = [tag for tag in posted.get("tags", "")[:400].split(",") if tag.strip()]
    steps += [{"do": "tag", "tag": tag.strip()} for tag in tags]
    if to := posted.get("assign", "")[:254]:
        steps.append({"do": "assign", "to": to})
    if priority := posted.get("priority", "")[:20]:
        steps.append({"do": "priority", "priority": priority})
    if posted.get("close") == "1":
        steps.append({"do": "close"})
    return steps


def plain_of(macro: Macro) -> dict[str, Any]:
    """Return a stored macro as plain values."""
    return plain_macro(macro)


def place_words() -> list[tuple[str, str]]:
    """Return every place with what is put there."""
    return [(f"{{{place}}}", str(words)) for place, words in PLACE_WORDS.items()]
