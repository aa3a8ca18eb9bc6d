"""Macro settings: where owners write, order, switch off, bring in and give out the team's macros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mostrador.actions import macro_library as actions
from mostrador.domain.claims import unmarked_claims
from mostrador.domain.delivery import State
from mostrador.domain.macro_files import LONGEST_FILE, FileUnreadable
from mostrador.domain.macro_places import Facts
from mostrador.domain.macro_reading import Unreadable, read_macro
from mostrador.domain.macros import LANGUAGES, Macro, Says
from mostrador.domain.macros import render as render_macro
from mostrador.domain.starter_set import starter_set
from mostrador.models import SavedMacro
from mostrador.money import Money
from mostrador.web.access import owner_of
from mostrador.web.macro_faults import claims_words, fault_words, file_fault_words
from mostrador.web.macro_form import blank_plain, form_of, language_word, place_words, plain_of, read_form
from mostrador.web.macro_words import SAYS_WORDS, step_words, title_of
from mostrador.web.uploads import content_disposition


@dataclass(frozen=True, slots=True)
class Line:
    """One macro of the list."""

    macro: Macro
    title: str
    steps: Sequence[str]
    says: str
    missing: Sequence[str]  # languages for which another stands in
    is_ours: bool  # written by the team, not of the starter set
    is_changed: bool


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every macro in the team's order."""
    owner_of(request)
    return _page(request)


def _page(request: HttpRequest, problems: Sequence[str] = (), *, status: int = 200) -> HttpResponse:
    changed = set(SavedMacro.objects.values_list("slug", flat=True))
    context = {
        "lines": [_line(macro, changed) for macro in SavedMacro.objects.known()],
        "problems": problems,
    }
    return render(request, "macros/settings.html", context, status=status)


def _line(macro: Macro, changed: set[str]) -> Line:
    return Line(
        macro=macro,
        title=title_of(macro),
        steps=[step_words(step) for step in macro.steps],
        says="" if macro.says is Says.NOTHING else str(SAYS_WORDS[macro.says]),
        missing=[language_word(one) for one in LANGUAGES if macro.texts and one not in macro.texts],
        is_ours=macro.slug not in starter_set(),
        is_changed=macro.slug in changed and macro.slug in starter_set(),
    )


# ── one macro ─────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Show one macro, or a new one, and keep what the owner wrote."""
    owner = owner_of(request)
    before = _plain(slug) if slug else blank_plain()
    if request.method != "POST":
        return _form(request, slug, before)
    plain = read_form(request.POST, before=before)
    try:
        macro, claims = actions.save_macro(plain=plain, replaces=slug, agent=owner, now=timezone.now())
    except Unreadable as unreadable:
        return _form(request, slug, plain, [fault_words(fault) for fault in unreadable.faults])
    messages.success(request, _("Kept."))
    for words in claims_words(claims):
        messages.warning(request, words)
    return HttpResponseRedirect(reverse("edit-macro", args=[macro.slug]))


def _plain(slug: str) -> dict[str, Any]:
    macro = SavedMacro.objects.named(slug)
    if macro is None:
        raise Http404
    return plain_of(macro)


def _form(
    request: HttpRequest, slug: str, plain: Mapping[str, Any], problems: Sequence[str] = ()
) -> HttpResponse:
    shown = request.POST.get("shown", "") or request.GET.get("shown", "") or _first_language(plain)
    context = {
        "slug": slug,
        "form": form_of(plain, shown=shown),
        "problems": problems,
        "places": place_words(),
        "sample": _sample(plain, shown),
        "is_ours": slug not in starter_set(),
        "is_changed": SavedMacro.objects.filter(slug=slug).exists(),
    }
    return render(request, "macros/edit.html", context, status=422 if problems else 200)


def _first_language(plain: Mapping[str, Any]) -> str:
    texts = plain.get("text", {})
    return next((one for one in LANGUAGES if texts.get(one)), LANGUAGES[0])


@require_POST
def sample(request: HttpRequest) -> HttpResponse:
    """Return what the form as it stands would say in a sample ticket."""
    owner_of(request)
    plain = read_form(request.POST, before=blank_plain())
    shown = request.POST.get("shown", "")
    return render(request, "macros/sample.html", {"sample": _sample(plain, shown)})


@dataclass(frozen=True, slots=True)
class Sample:
    """A macro in the sample ticket: its words, the language that speaks, and what is wrong."""

    text: str
    language: str
    stands_in: str
    problems: Sequence[str]


def _sample(plain: Mapping[str, Any], shown: str) -> Sample:
    language = shown if shown in LANGUAGES else LANGUAGES[0]
    filled = {**plain, "slug": plain.get("slug") or "new", "title": plain.get("title") or {"en": "new"}}
    try:
        macro = read_macro(filled)
    except Unreadable as unreadable:
        return Sample("", language, "", [fault_words(fault) for fault in unreadable.faults])
    spoken = macro.language_for(language)
    text = render_macro(macro=macro, language=language, facts=_sample_facts(timezone.now())).text
    stands_in = language_word(spoken) if macro.texts and spoken != language else ""
    return Sample(text, spoken, stands_in, claims_words(unmarked_claims(macro)))


def _sample_facts(now: datetime) -> Facts:
    """Return a ticket in which everything has happened, so that every place is filled."""
    return Facts(
        buyer="Ana Ruiz",
        order="302-1234567-7654321",
        partner="Nordlicht",
        state=State.ACCEPTED,
        amount=Money(1250, "EUR"),
        reason="CustomerReturn",
        reference="R-1042",
        is_shipped=True,
        item="Aurora Desk Lamp",
        agent="Marta Gil",
        ship_by=now.astimezone(UTC) + timedelta(days=1),
        deliver_by=now.astimezone(UTC) + timedelta(days=4),
        carrier="DHL",
        tracking="00340434161094021501",
    )


# ── the others ────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer a macro to the agents, or no longer."""
    owner, is_active = owner_of(request), request.POST.get("on") == "1"
    actions.switch_macro(slug=slug, is_active=is_active, agent=owner, now=timezone.now())
    return HttpResponseRedirect(reverse("macros") + f"#{slug}")


@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """Move a macro one place up or down."""
    owner, up = owner_of(request), request.POST.get("up") == "1"
    actions.move_macro(slug=slug, up=up, agent=owner, now=timezone.now())
    return HttpResponseRedirect(reverse("macros") + f"#{slug}")


@require_POST
def reset(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove the team's macro, or let one of the starter set be as it came."""
    owner_of(request)
    if actions.reset_macro(slug=slug):
        words = _("It is as it came.") if slug in starter_set() else _("The macro is gone.")
        messages.success(request, words)
    return HttpResponseRedirect(reverse("macros"))


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Return every macro as a file."""
    owner_of(request)
    response = HttpResponse(actions.export_macros(), content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition("macros.toml")
    return response


@require_POST
def bring_in(request: HttpRequest) -> HttpResponse:
    """Store the macros of a file, or only check it."""
    owner, file = owner_of(request), request.FILES.get("file")
    only_check = request.POST.get("press") == "check"
    if file is None or (file.size or 0) > LONGEST_FILE:
        return _page(request, [_("Choose a file of macros, of at most two megabytes.")], status=422)
    try:
        text = file.read().decode("utf-8")
        done = actions.import_macros(text=text, agent=owner, now=timezone.now(), dry_run=only_check)
    except UnicodeDecodeError:
        return _page(request, [_("This file is not text in UTF-8.")], status=422)
    except FileUnreadable as unreadable:
        return _page(request, [file_fault_words(fault) for fault in unreadable.faults], status=422)
    _tell(request, done, only_check=only_check)
    return HttpResponseRedirect(reverse("macros"))


def _tell(request: HttpRequest, done: actions.Imported, *, only_check: bool) -> None:
    facts = {
        "added": len(done.added),
        "changed": len(done.changed),
        "same": len(done.same),
        "names": ", ".join((*done.added, *done.changed)) or "–",
    }
    would = _("Checked, nothing stored: %(added)d new, %(changed)d changed, %(same)d the same (%(names)s).")
    did = _("Stored: %(added)d new, %(changed)d changed, %(same)d the same (%(names)s).")
    messages.success(request, (would if only_check else did) % facts)
    for slug, claims in done.claims.items():
        for words in claims_words(claims):
            messages.warning(request, f"{slug}: {words}")
