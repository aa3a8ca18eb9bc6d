"""Searching: one box finds a ticket by its numbers, its people, its products and what was said."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from mostrador.models import SearchText, Ticket, searching
from mostrador.models.searching import tickets_saying
from tests.makers import make_item, make_message, make_order, make_ticket

pytestmark = pytest.mark.django_db


def found(typed: str) -> list[Ticket]:
    return list(tickets_saying(Ticket.objects.all(), typed).order_by("pk"))


@pytest.fixture
def lamp() -> Ticket:
    """A ticket about a lamp, in German, beside one about nothing of the kind."""
    make_ticket(buyer_name="Pia Moser", text="Wo bleibt mein Paket?")
    order = make_order(number="302-7654321-1111111", items=[make_item(title="Tischlampe Fjord, Messing")])
    order.packages = [{"carrier": "DHL", "tracking_number": "JJD000390007", "status": "", "shipped_at": ""}]
    order.save()
    return make_ticket(
        order=order,
        buyer_name="Änne Lüders",
        text="Ich möchte die kaputten Lampen zurückgeben, bitte stornieren.",
    )


@pytest.mark.parametrize(
    "typed",
    [
        "302-7654321-1111111",
        "7654321",
        "765432",
        "LAMP-1",
        "B0TEST0001",
        "b0test",
        "JJD000390007",
        "D00039",
        "Änne Lüders",
        "anne",
        "änne l",
        "LUDERS",
        "Fjord",
        "fjor",
        "kaputten",
        "kaputt",
        "kapu",
        "Lampe",
        "zurückgeben",
        "zuruckgeben",
        "lampen änne 7654321",
        '"kaputten Lampen"',
    ],
)
def test_a_ticket_is_found_by_anything_in_it(lamp: Ticket, typed: str) -> None:
    assert found(typed) == [lamp]


@pytest.mark.parametrize("typed", ["Fjord Pia", "302-7654321-1111112", "storno lampen xyz", "or 1=1"])
def test_what_is_in_no_ticket_finds_none(lamp: Ticket, typed: str) -> None:
    assert found(typed) == []


@pytest.mark.parametrize(
    "typed", ["302-7654321", "Änne kaputten", "lampe", "fjord", "kaputten xyz", "in", "änne l"]
)
def test_words_that_stand_in_many_tickets_find_the_same(
    lamp: Ticket, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_key = found(typed)
    monkeypatch.setattr(searching, "FEW", -1)
    assert found(typed) == by_key


def test_nothing_typed_leaves_every_ticket(lamp: Ticket) -> None:
    assert len(found("  ")) == 2


@pytest.mark.parametrize(
    ("language", "written", "typed"),
    [
        ("en", "Both parcels were damaged", "parcel damage"),
        ("es", "Quería cancelar mis pedidos", "pedido cancelado"),
        ("fr", "Les ampoules clignotent", "ampoule"),
        ("it", "Vorrei restituire le lampade", "lampada"),
        ("de", "Die Bestellungen fehlen", "bestellung"),
    ],
)
def test_another_form_of_a_word_finds_it_in_its_language(language: str, written: str, typed: str) -> None:
    ticket = make_ticket(language=language, text=written)
    assert found(typed) == [ticket]


def test_japanese_is_found_by_a_part_of_a_sentence() -> None:
    ticket = make_ticket(language="ja", text="昨日届いた照明の調光器が動きません。")
    assert found("調光器") == [ticket]
    assert found("調理器") == []


def test_a_later_message_is_found_beside_the_first(lamp: Ticket) -> None:
    make_message(ticket=lamp, text="Das Netzteil brummt auch.")
    assert found("netzteil kaputt") == [lamp]


def test_a_lost_index_is_built_again(lamp: Ticket) -> None:
    SearchText.objects.all().delete()
    assert found("fjord") == []
    call_command("rebuild_search", missing=True)
    assert found("fjord kaputten") == [lamp]


@pytest.mark.parametrize(
    "typed", ["a'b''c", "back\\slash", "~fjo", "fjo:*", "!lampe & (x | y)", "<->", "'" * 9]
)
def test_marks_of_the_query_language_are_only_marks(lamp: Ticket, typed: str) -> None:
    assert found(typed) in ([], [lamp], found(""))


def test_a_subject_that_is_written_twice_is_found_once(lamp: Ticket) -> None:
    SearchText.objects.write_keys(lamp)
    assert found("Anfrage Fjord") == [lamp]
