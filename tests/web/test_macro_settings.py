"""Where owners write the team's macros: list, form, sample, order, files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mostrador.domain.macro_files import read_file
from mostrador.domain.macro_reading import FaultCode
from mostrador.domain.macros import Says
from mostrador.domain.starter_set import starter_set
from mostrador.models import Agent, SavedMacro
from mostrador.web.macro_faults import FAULT_WORDS
from tests import makers

FILE = '[[macro]]\nslug = "mine"\n[macro.title]\nen = "Mine"\n[macro.text]\nen = "Hello {buyer}."\n'
PATHS = ("", "new", "export", "refund_issued/")


@pytest.fixture
def owner(db: None) -> Agent:
    """An owner who speaks English."""
    return makers.make_agent(name="Olga Owner", is_owner=True)


@pytest.fixture
def office(owner: Agent, client: Client) -> Client:
    """A browser in which an owner is signed in."""
    client.force_login(owner)
    return client


def wish(**more: Any) -> dict[str, Any]:
    """Return a posted form of a new macro."""
    return {
        "slug": "mine",
        "shown": "en",
        "title-en": "Mine",
        "text-en": "Hello {buyer}.",
        "active": "1",
        **more,
    }


@pytest.mark.parametrize("path", PATHS)
def test_only_owners_come_in(desk: Client, path: str) -> None:
    assert desk.get(f"/settings/macros/{path}").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "path", ["new", "import", "mine/", "mine/switch", "mine/move", "mine/reset", "sample"]
)
def test_nobody_else_changes_anything(desk: Client, path: str) -> None:
    assert desk.post(f"/settings/macros/{path}", wish()).status_code == HTTPStatus.FORBIDDEN
    assert not SavedMacro.objects.exists()


@pytest.mark.parametrize("path", PATHS)
def test_owners_come_in(office: Client, path: str) -> None:
    assert office.get(f"/settings/macros/{path}").status_code == HTTPStatus.OK


def test_the_list_shows_every_macro_with_what_it_does(office: Client) -> None:
    html = office.get("/settings/macros/").content.decode()
    assert all(f'id="{slug}"' in html for slug in starter_set())
    assert "Refund 15 % (Goodwill or adjustment)" in html
    assert "says that money was refunded" in " ".join(html.split())


def test_a_new_macro_is_kept_as_it_was_written(office: Client, owner: Agent) -> None:
    posted = wish(
        **{
            "text-de": "Hallo {buyer}. {amount}",
            "says": "refunded",
            "money": "refund-percent",
            "percent": "12,5",
            "refund_reason": "CustomerReturn",
            "cancel_reason": "NoInventory",
            "tags": "Late Parcel, vip",
            "assign": "me",
            "priority": "high",
            "close": "1",
            "marketplaces": ["DE", "FR"],
            "statuses": ["SHIPPED"],
            "fulfilled_by": "FBM",
            "open_refund": "no",
        }
    )
    answer = office.post("/settings/macros/new", posted)
    assert answer.headers["Location"] == "/settings/macros/mine/"
    macro = SavedMacro.objects.named("mine")
    assert macro
    assert macro.texts == {"en": "Hello {buyer}.", "de": "Hallo {buyer}. {amount}"}
    assert [step.kind for step in macro.steps] == ["refund", "tag", "tag", "assign", "priority", "close"]
    assert (str(macro.steps[0].percent), macro.steps[0].reason) == ("12.5", "CustomerReturn")
    assert macro.conditions.marketplaces == ("DE", "FR")
    assert (macro.conditions.by_amazon, macro.conditions.open_refund) == (False, False)
    assert SavedMacro.objects.get().changed_by == owner
    html = office.get("/settings/macros/mine/").content.decode()
    assert 'value="12.5"' in html
    assert '<option value="refund-percent" selected>' in html


def test_saving_what_was_not_changed_keeps_the_starter_set_as_it_came(office: Client) -> None:
    for slug, macro in starter_set().items():
        html = office.get(f"/settings/macros/{slug}/").content.decode()
        assert macro.texts["ja"].splitlines()[0] in html
    assert not SavedMacro.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"slug": "Bad Name"}, "is no name"),
        ({"slug": "refund_issued"}, "there is a macro “refund_issued” already"),
        ({"title-en": ""}, "Name: is missing"),
        ({"text-en": "Hi {byer}"}, "nothing is known that could fill {byer}"),
        ({"text-en": "{amount}"}, "choose what they claim"),
        ({"text-en": "{amount}"}, "settle (the refunded amount):"),
        ({"money": "refund-percent", "percent": "0"}, "no percentage above 0"),
        ({"money": "cancel"}, "is missing"),
        (
            {"says": "refunded", "money": "cancel", "cancel_reason": "NoInventory"},
            "is not what the macro does",
        ),
    ],
)
def test_a_macro_with_a_fault_is_not_kept_and_its_words_stay(
    office: Client, more: dict[str, str], words: str
) -> None:
    answer = office.post("/settings/macros/new", wish(**more))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = answer.content.decode()
    assert words in html
    assert (more.get("text-en", "Hello {buyer}.")) in html
    assert not SavedMacro.objects.exists()


@pytest.mark.parametrize("path", ["/settings/macros/new", "/settings/macros/sample"])
def test_a_claim_that_is_not_marked_is_kept_with_a_warning(office: Client, path: str) -> None:
    answer = office.post(path, wish(**{"text-de": "Wir haben Ihnen das Geld erstattet."}), follow=True)
    html = answer.content.decode()
    assert "The words (German) say that money was refunded, but the macro is not bound to that" in html


def test_the_sample_shows_the_words_and_the_language_that_stands_in(office: Client) -> None:
    html = office.post("/settings/macros/sample", wish(shown="fr")).content.decode()
    assert "Hello Ana Ruiz." in html
    assert "buyers get the ones in English" in html
    edit = office.post("/settings/macros/new", wish(), follow=True).content.decode()
    assert "Empty: buyers get the words in English." in edit


def test_a_macro_is_switched_off_and_on(office: Client) -> None:
    office.post("/settings/macros/refund_issued/switch", {"on": "0"})
    assert "refund_issued" not in [macro.slug for macro in SavedMacro.objects.in_use()]
    office.post("/settings/macros/refund_issued/switch", {"on": "1"})
    assert SavedMacro.objects.in_use()[0].slug == "refund_issued"


def test_macros_change_places_and_only_those_two(office: Client) -> None:
    office.post("/settings/macros/refund_under_way/move", {"up": "1"})
    assert [macro.slug for macro in SavedMacro.objects.known()][:3] == [
        "refund_under_way",
        "refund_issued",
        "refund_in_full",
    ]
    assert SavedMacro.objects.count() == 2
    office.post("/settings/macros/refund_under_way/move", {"up": "1"})
    assert SavedMacro.objects.known()[0].slug == "refund_under_way"


def test_the_words_it_came_with_come_back(office: Client) -> None:
    plain = wish(**{"title-en": "Other", "text-en": "Other.", "says": "refunded"})
    office.post("/settings/macros/refund_issued/", plain)
    changed = SavedMacro.objects.named("refund_issued")
    assert changed
    assert (changed.texts, changed.marked) == ({"en": "Other."}, Says.REFUNDED)
    office.post("/settings/macros/refund_issued/reset")
    assert SavedMacro.objects.named("refund_issued") == starter_set()["refund_issued"]


def test_a_file_goes_out_and_comes_in(office: Client) -> None:
    out = office.get("/settings/macros/export")
    assert read_file(out.content.decode()) == list(starter_set().values())
    assert "macros.toml" in out.headers["Content-Disposition"]
    for press, count in (("check", 0), ("store", 1)):
        file = SimpleUploadedFile("macros.toml", FILE.encode())
        answer = office.post("/settings/macros/import", {"file": file, "press": press}, follow=True)
        assert "1 new, 0 changed, 0 the same (mine)" in answer.content.decode()
        assert SavedMacro.objects.count() == count


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (FILE.replace("{buyer}", "{nobody}").encode(), "Line 6 (mine): Words (English): nothing is known"),
        (b"[[macro]]\nslug =\n", "Line 2: this is not TOML"),
        (b"\xff\xfe", "not text in UTF-8"),
    ],
)
def test_a_file_with_a_fault_stays_outside(office: Client, content: bytes, words: str) -> None:
    file = SimpleUploadedFile("macros.toml", content)
    answer = office.post("/settings/macros/import", {"file": file, "press": "store"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in answer.content.decode()
    assert not SavedMacro.objects.exists()


def test_every_fault_has_its_words() -> None:
    assert set(FAULT_WORDS) == set(FaultCode)
