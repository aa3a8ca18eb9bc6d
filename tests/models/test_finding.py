"""Finding: each filter finds its tickets and no others, and lists hold what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.filters import read_filters
from mostrador.domain.hours import Stretch
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Attachment, Mention, Message, Ticket, cursors
from mostrador.models.cursors import Order
from mostrador.models.finding import Asker, matching
from mostrador.models.lists import MOST_COUNTED, Lists, counts, listed
from tests import makers
from tests.makers import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def agent() -> Agent:
    """Marta, who asks."""
    return makers.make_agent(name="Marta Gil", email="marta@desk.test")


def _found(typed: str, agent: Agent, now: datetime = NOW) -> list[str]:
    found = matching(Ticket.objects.all(), read_filters(typed), agent=agent, now=now)
    return sorted(found.values_list("buyer_name", flat=True))


@pytest.fixture
def shelf(agent: Agent) -> None:
    """Five tickets that differ in everything one can filter by."""
    north = makers.make_selling_partner(name="Nordlicht", countries=("DE", "FR"))
    south = makers.make_selling_partner(name="Casa Sur", countries=("ES",))
    lamp = makers.make_order(partner=north, status="UNSHIPPED")
    cheap = makers.make_order(
        partner=south,
        country="ES",
        fulfilled_by="AMAZON",
        items=[makers.make_item(paid={makers.Component.PRINCIPAL: 900})],
    )
    asked = makers.make_order(
        partner=north, status="UNSHIPPED", items=[makers.make_item(shipped=0, cancel_requested=True)]
    )
    ana = makers.make_ticket(order=lamp, buyer_name="Ana", language="de", now=NOW - 23 * HOUR)
    ben = makers.make_ticket(order=cheap, buyer_name="Ben", language="es", now=NOW - 25 * HOUR)
    cleo = makers.make_ticket(order=asked, buyer_name="Cleo", language="fr", now=NOW - HOUR)
    dora = makers.make_ticket(partner=north, buyer_name="Dora", now=NOW - 2 * HOUR)
    emil = makers.make_ticket(partner=north, buyer_name="Emil", now=NOW - 2 * HOUR)
    ana.assign(agent)
    ben.assign(makers.make_agent(name="Ben Osei"))
    ben.has_claim(since=NOW)
    ana.retag(["late", "vip"])
    cleo.retag(["late"])
    cleo.rank(Priority.URGENT)
    dora.rank(Priority.LOW)
    dora.answered(at=NOW, preview="Ready", close=False)
    emil.close(now=NOW)
    makers.make_refund(order=cheap, ticket=ben, state=State.REVIEW, amounts={makers.Component.PRINCIPAL: 100})
    makers.make_cancellation(order=lamp, ticket=ana, state=State.SENT)
    note = Message.objects.note(ticket=dora, author=agent, text="@Marta look", at=NOW)
    Mention.objects.call(message=note, agents=[agent], now=NOW)
    mail = Message.objects.filter(ticket=cleo).get()
    Attachment.objects.keep(
        message=mail, name="a.png", content_type="image/png", content=b"x", size=1, refused=""
    )


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("is:open", "Ana Ben Cleo"),
        ("is:waiting", "Dora"),
        ("is:waiting is:closed", "Dora Emil"),
        ("-is:open", "Dora Emil"),
        ("is:mine", "Ana"),
        ("is:unassigned", "Cleo Dora Emil"),
        ("is:assigned is:open", "Ana Ben"),
        ("is:late", "Ben"),
        ("is:soon", "Ana"),
        ("is:unread", "Ana Ben Cleo"),
        ("is:mentioned", "Dora"),
        ("is:under-way", "Ana"),
        ("is:review", "Ben"),
        ("from:cle", "Cleo"),
        ("from:cl", ""),
        ("from:cleo", "Cleo"),
        ("from:cléo -from:ana", "Cleo"),
        ("from:a1b2c3d4e5f6g7h+8 has:claim", ""),
        ("from:a1b2c3d4e5f6g7h+8AbCd@mark", "Ana Ben Cleo Dora Emil"),
        ("from:ana from:ben", "Ana Ben"),
        ("partner:nord", "Ana Cleo Dora Emil"),
        ("-partner:nord", "Ben"),
        ("marketplace:ES", "Ben"),
        ("marketplace:ES marketplace:DE", "Ana Ben Cleo Dora Emil"),
        ("language:fr", "Cleo"),
        ("tag:LATE", "Ana Cleo"),
        ("tag:late tag:vip", "Ana"),
        ("tag:late -tag:vip", "Cleo"),
        ("agent:me", "Ana"),
        ("agent:nobody", "Cleo Dora Emil"),
        ("agent:osei", "Ben"),
        ("status:unshipped", "Ana Cleo"),
        ("-status:unshipped", "Ben Dora Emil"),
        ("fulfilled:fba", "Ben"),
        ("fulfilled:fbm", "Ana Cleo"),
        ("has:claim", "Ben"),
        ("has:attachment", "Cleo"),
        ("has:refund", "Ben"),
        ("has:cancellation", "Ana"),
        ("has:cancel-request", "Cleo"),
        ("has:order", "Ana Ben Cleo"),
        ("-has:order", "Dora Emil"),
        ("has:note", "Dora"),
        ("amount:>10", "Ana Cleo"),
        ("amount:<=9", "Ben"),
        ("amount:25EUR", "Ana Cleo"),
        ("amount:>10USD", ""),
        ("amount:>5 amount:<10", "Ben"),
        ("priority:urgent", "Cleo"),
        ("priority:<normal", "Dora"),
        ("priority:>=normal is:open", "Ana Ben Cleo"),
        ("due:4h", "Ana Ben"),
        ("due:>20h", "Cleo"),
        ("is:open tag:late status:unshipped -is:mine", "Cleo"),
        ("is:opne", ""),
        ("foo:bar", ""),
        ("ref:T-99999", ""),
    ],
)
def test_a_filter_finds_its_tickets(agent: Agent, typed: str, names: str) -> None:
    assert _found(typed, agent) == names.split()


@pytest.mark.usefixtures("shelf")
def test_a_ticket_is_found_by_its_reference(agent: Agent) -> None:
    ticket = Ticket.objects.get(buyer_name="Dora")
    assert _found(f"ref {ticket.reference}", agent) == ["Dora"]


def test_yen_are_counted_in_whole_units(agent: Agent) -> None:
    paid = {makers.Component.PRINCIPAL: 1500}
    order = makers.make_order(country="JP", items=[makers.make_item(paid=paid, currency="JPY")])
    makers.make_ticket(order=order, buyer_name="Sakura")
    assert _found("amount:>=1500", agent) == ["Sakura"]
    assert _found("amount:>1500JPY", agent) == []
    assert _found("amount:<1501", agent) == ["Sakura"]


def test_a_merged_ticket_is_found_only_when_asked_for(agent: Agent) -> None:
    partner = makers.make_selling_partner()
    whole = makers.make_ticket(partner=partner, buyer_name="Whole")
    makers.make_ticket(partner=partner, buyer_name="Part").show_in(whole, now=NOW)
    assert _found("partner:nordlicht", agent) == ["Whole"]
    assert _found("is:merged", agent) == ["Part"]


# ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(current: Lists, agent: Agent, away: Stretch | None = None) -> list[str]:
    found = listed(Ticket.objects.all(), current, asker=Asker(agent, NOW), away=away)
    return sorted(found.values_list("buyer_name", flat=True))


@pytest.mark.usefixtures("shelf")
def test_each_list_holds_its_tickets(agent: Agent) -> None:
    assert {each.value: " ".join(_listed(each, agent)) for each in Lists} == {
        "needs-reply": "Ana Ben Cleo",
        "mine": "Ana",
        "unassigned": "Cleo",
        "cancel-radar": "Cleo",
        "tonight": "",
        "review": "Ben",
        "under-way": "Ana",
        "mentions": "Dora",
        "claims": "Ben",
        "waiting": "Dora",
        "snoozed": "",
        "closed": "Emil",
        "all": "Ana Ben Cleo Dora Emil",
    }


def test_a_resting_ticket_leaves_the_list_until_its_answer_is_nearly_due(agent: Agent) -> None:
    calm = makers.make_ticket(buyer_name="Calm", now=NOW - HOUR)
    pressing = makers.make_ticket(buyer_name="Pressing", now=NOW - 21 * HOUR)
    over = makers.make_ticket(buyer_name="Over", now=NOW - HOUR)
    for ticket, hours in ((calm, 3), (pressing, 3), (over, -1)):
        ticket.rest(NOW + hours * HOUR)
    assert _listed(Lists.NEEDS_REPLY, agent) == ["Over", "Pressing"]
    assert _listed(Lists.SNOOZED, agent) == ["Calm", "Pressing"]


def test_tonight_holds_what_falls_due_while_nobody_works(agent: Agent) -> None:
    for name, hours in (("Before", 1), ("First", 2), ("Last", 9), ("After", 10)):
        makers.make_ticket(buyer_name=name, now=NOW + (hours - 24) * HOUR)
    away = Stretch(NOW + 2 * HOUR, NOW + 10 * HOUR)
    assert _listed(Lists.TONIGHT, agent, away) == ["First", "Last"]


def test_counting_ends_where_nobody_counts_any_more() -> None:
    partner = makers.make_selling_partner()
    mailbox = makers.make_mailbox(partner=partner)
    for _ in range(MOST_COUNTED + 5):
        makers.make_ticket(partner=partner, mailbox=mailbox)
    everything = Ticket.objects.all()
    questions = {"all": everything, "none": everything.none(), "closed": everything.filter(state="closed")}
    assert counts(questions) == {"all": MOST_COUNTED + 1, "none": 0, "closed": 0}


# ── cursors ───────────────────────────────────────────────────────────────────────────────────────────────


def _no_order_or_claim(ticket: Ticket, number: int) -> None:
    pass


def _due_or_not(ticket: Ticket, number: int) -> None:
    if number % 3 == 0:
        ticket.wait_since(None)


def _claimed(ticket: Ticket, number: int) -> None:
    ticket.has_claim(since=NOW + (number // 2) * HOUR)


def _resting(ticket: Ticket, number: int) -> None:
    ticket.rest(NOW + (number // 2) * HOUR)


@pytest.mark.parametrize(
    ("order", "prepare"),
    [
        (cursors.LATEST, _no_order_or_claim),
        (cursors.BY_DUE, _due_or_not),
        (cursors.BY_CLAIM, _claimed),
        (cursors.BY_WAKING, _resting),
    ],
)
def test_pages_of_any_order_hold_every_ticket_once_in_that_order(
    order: Order, prepare: Callable[[Ticket, int], None]
) -> None:
    partner = makers.make_selling_partner()
    mailbox = makers.make_mailbox(partner=partner)
    for number in range(11):
        ticket = makers.make_ticket(partner=partner, mailbox=mailbox, now=NOW + (number // 4) * HOUR)
        prepare(ticket, number)
    assert _paged(order) == list(order.sort(Ticket.objects.all()))


def test_pages_by_shipping_go_on_behind_orders_without_a_date() -> None:
    for number in range(7):
        order = makers.make_order()
        order.ship_by = NOW + (number // 2) * HOUR if number % 3 else None
        order.save()
        makers.make_ticket(order=order)
    assert _paged(cursors.BY_SHIPPING) == list(cursors.BY_SHIPPING.sort(Ticket.objects.all()))


def _paged(order: Order) -> list[Ticket]:
    seen: list[Ticket] = []
    place = None
    tickets = Ticket.objects.select_related("order")
    while page := cursors.after(tickets, order, place, 2):
        seen += page
        place = cursors.read_place(str(cursors.place_of(page[-1], order)), order)
    return seen


@pytest.mark.parametrize(
    "text", ["", "x", "__", "2026_1", f"_{NOW.isoformat()}_{10**30}", f"{NOW.isoformat()}_0"]
)
def test_an_odd_cursor_is_no_place(text: str) -> None:
    assert cursors.read_place(text, cursors.LATEST) is None
