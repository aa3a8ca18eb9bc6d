"""The demo's archive: the same cases every time, in the desk's tables and in the pretend Amazon's shops."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.filters import read_filters
from mostrador.domain.tickets import TicketState
from mostrador.management.demo.archive import file as archive
from mostrador.management.demo.archive.cases import CASES, TWIN_EVERY, Case, make_cases, shops
from mostrador.management.demo.archive.places import PLACES
from mostrador.management.demo.archive.stock import store
from mostrador.models import Agent, Cancellation, Event, Mention, Message, Order, Refund, SearchText, Ticket
from mostrador.models.finding import matching
from mostrador.simulator.shop import add_archive, read_shop
from tests.makers import NOW, make_agent, make_mailbox, make_selling_partner

COUNT = TWIN_EVERY  # enough for a twin, for every topic and for each state
NAMES = ("Marta Gil", "Ben Okafor", "Lola Prat")
FIRST_SEARCH = timedelta(days=30)


def some_cases(count: int = COUNT, *, now: datetime = NOW) -> list[Case]:
    return make_cases(now=now, team=NAMES, count=count)


@pytest.fixture
def team(db: None) -> list[Agent]:
    """Three agents, and a selling partner with a mailbox in all of the archive's marketplaces."""
    make_mailbox(partner=make_selling_partner(countries=[place.country for place in PLACES]))
    return [make_agent(name=name) for name in NAMES]


def prepare(folder: Path, count: int = COUNT) -> Path | None:
    return archive.prepare(folder, team=NAMES, first_search=FIRST_SEARCH, now=NOW, count=count)


# ── the cases ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_moment_makes_the_same_cases() -> None:
    assert some_cases() == some_cases()


def test_another_moment_moves_every_case_by_as_much() -> None:
    later = some_cases(now=NOW + timedelta(hours=1))
    assert [case.began - timedelta(hours=1) for case in later] == [case.began for case in some_cases()]


def test_the_cases_are_as_many_as_asked_for_and_the_oldest_comes_first() -> None:
    cases = some_cases()
    assert sorted(case.number for case in cases) == list(range(COUNT))
    assert [case.began for case in cases] == sorted(case.began for case in cases)
    assert CASES == 2_000


def test_each_state_has_its_share_and_nobody_speaks_in_the_future() -> None:
    cases = some_cases(200)
    states = Counter(case.state for case in cases if case.twin_of is None)
    assert (states["open"], states["waiting"]) == (10, 24)
    assert all(case.began < NOW for case in cases)
    # Open cases end with the buyer; of those that wait, we spoke last.
    said = {case.number: [line.speaker for line in case.lines if line.speaker != "note"] for case in cases}
    assert {said[case.number][-1] for case in cases if case.state == "open"} == {"buyer"}
    assert {said[case.number][-1] for case in cases if case.state == "waiting"} == {"desk"}


def test_no_order_is_numbered_twice_and_none_is_given_back_more_than_was_paid() -> None:
    orders = [case.order for case in some_cases(300) if case.order and case.twin_of is None]
    assert len({order.order_id for order in orders}) == len(orders)
    given_back = [order for order in orders if order.refunded]
    assert given_back
    assert all(0 < order.refunded <= order.paid["principal"] for order in given_back)
    assert all(order.status == "CANCELLED" for order in orders if order.cancelled_by)


def test_a_twin_is_a_second_ticket_of_the_same_buyer_about_the_same_order() -> None:
    cases = {case.number: case for case in some_cases()}
    twins = [case for case in cases.values() if case.twin_of is not None]
    assert [(twin.number, twin.twin_of) for twin in twins] == [(COUNT // 4, COUNT // 4 - 1)]
    first = cases[COUNT // 4 - 1]
    assert (twins[0].alias, twins[0].order, twins[0].began) == (
        first.alias,
        first.order,
        first.began + timedelta(hours=2),
    )


# ── the file the pretend Amazon reads ─────────────────────────────────────────────────────────────────────


def test_the_pretend_amazon_reads_every_order_of_the_archive(tmp_path: Path) -> None:
    file = prepare(tmp_path / "simulator")
    assert file == tmp_path / "simulator" / "archive.json"
    shop = read_shop("nordlicht", NOW.timestamp())
    known = {order.order_id for order in shop.orders}
    add_archive(shop, file, NOW.timestamp())
    wanted = {case.order.order_id: case.order.status for case in some_cases() if case.order}
    read = {order.order_id: str(order.status) for order in shop.orders if order.order_id not in known}
    assert read == wanted
    back = {order_id for order_id, _ in shop.refunds} & set(wanted)
    assert back == {case.order.order_id for case in some_cases() if case.order and case.order.refunded}


def test_the_desks_first_search_finds_no_order_of_the_archive() -> None:
    unseen_before = NOW - FIRST_SEARCH
    bodies = shops(some_cases(), unseen_before=unseen_before)
    updated = [datetime.fromisoformat(order["updated"]) for body in bodies for order in body["orders"]]
    assert max(updated) < unseen_before


def test_a_file_that_is_there_is_kept_and_an_older_demo_gets_none(tmp_path: Path) -> None:
    fresh, older = tmp_path / "fresh", tmp_path / "older"
    older.mkdir()
    file = prepare(fresh)
    assert file
    written = file.read_text("utf-8")
    assert prepare(fresh, count=10) == file
    assert file.read_text("utf-8") == written
    assert json.loads(written)["cases"] == COUNT
    assert prepare(older) is None
    assert list(older.iterdir()) == []


# ── the desk's tables ─────────────────────────────────────────────────────────────────────────────────────


def test_the_archive_is_brought_in_once(team: list[Agent], tmp_path: Path) -> None:
    file = prepare(tmp_path / "simulator")
    assert file
    assert archive.bring_in(file, team=team) == COUNT
    assert archive.bring_in(file, team=team) == 0
    assert Ticket.objects.count() == COUNT


def test_every_case_becomes_a_ticket_with_all_that_was_said(team: list[Agent]) -> None:
    cases = some_cases()
    store(cases, team=team, now=NOW)
    lines = [line for case in cases for line in case.lines]
    assert Message.objects.count() == len(lines)
    assert Mention.objects.count() == sum(line.calls is not None for line in lines)
    assert SearchText.objects.count() == COUNT
    orders = {case.order.order_id for case in cases if case.order}
    assert set(Order.objects.values_list("amazon_order_id", flat=True)) == orders
    states = Counter(Ticket.objects.values_list("state", flat=True))
    assert states == Counter(case.state for case in cases)


def test_amazons_clock_runs_in_the_open_tickets_as_the_desk_itself_would_count(team: list[Agent]) -> None:
    store(some_cases(), team=team, now=NOW)
    opened = Ticket.objects.filter(state=TicketState.OPEN)
    assert opened
    for ticket in opened:
        first = Message.objects.unanswered(ticket)
        assert first
        assert ticket.first_unanswered_at == first.at
        assert ticket.answer_due_at == first.at + timedelta(hours=24)
    assert not Ticket.objects.exclude(state=TicketState.OPEN).exclude(answer_due_at=None).exists()


def test_what_amazon_confirmed_is_in_the_balances_and_on_the_timeline(team: list[Agent]) -> None:
    cases = some_cases()
    store(cases, team=team, now=NOW)
    single = [case for case in cases if case.twin_of is None and case.order]
    refunded = {
        case.order.order_id: case.order.refunded for case in single if case.order and case.order.refunded
    }
    found = {refund.order.amazon_order_id: refund.total for refund in Refund.objects.select_related("order")}
    assert found == refunded
    for refund in Refund.objects.all():
        lines = refund.order.items.get().balances
        assert lines.get(component="principal").posted == refund.total
        assert not lines.exclude(pending=0).exists()
        steps = Event.objects.filter(refund=refund).order_by("at").values_list("kind", flat=True)
        assert list(steps) == ["requested", "sent", "accepted", "confirmed"]
    cancelled = sum(bool(case.order and case.order.cancelled_by) for case in single)
    assert Cancellation.objects.filter(state=State.CONFIRMED).count() == cancelled > 0


def test_a_twin_shows_in_the_ticket_it_was_merged_into(team: list[Agent]) -> None:
    store(some_cases(), team=team, now=NOW)
    twin = Ticket.objects.exclude(merged_into=None).select_related("merged_into").get()
    assert twin.merged_into
    assert twin.merged_into.buyer_address == twin.buyer_address
    assert twin.merged_into.order_id == twin.order_id


def test_tickets_of_the_archive_are_found_by_order_buyer_and_filter(team: list[Agent]) -> None:
    store(some_cases(), team=team, now=NOW)
    ticket = Ticket.objects.filter(merged_into=None).exclude(order=None).select_related("order").first()
    assert ticket
    assert ticket.order
    for typed in (ticket.order.amazon_order_id, f'from:"{ticket.buyer_name}"', f"ref:{ticket.reference}"):
        found = matching(Ticket.objects.all(), read_filters(typed), agent=team[0], now=NOW)
        assert ticket in found, typed


def test_a_stop_in_between_leaves_nothing_behind(team: list[Agent]) -> None:
    calls = iter(range(4))

    def check() -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(some_cases(), team=team, now=NOW, check=check)
    assert (Ticket.objects.count(), Order.objects.count(), Message.objects.count()) == (0, 0, 0)
