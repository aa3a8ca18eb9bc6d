"""Stock: the archive in the desk's tables, written in bulk and in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import models, transaction

from mostrador.amazon.marketplaces import by_country
from mostrador.domain.delivery import State
from mostrador.domain.tickets import TicketState, answer_due
from mostrador.management.demo.archive.cases import Case, Line
from mostrador.management.demo.archive.orders import Bought
from mostrador.management.demo.archive.places import ASINS, SKUS
from mostrador.models import (
    Agent,
    Cancellation,
    Event,
    EventKind,
    ItemBalance,
    Mailbox,
    Mention,
    Message,
    Order,
    OrderItem,
    Refund,
    RefundLine,
    SearchText,
    SellingPartner,
    Ticket,
    TicketLink,
)
from mostrador.models.messages import Direction
from mostrador.models.tickets import PREVIEW_CHARACTERS

BATCH = 500
LINK_EVERY = 120
CLOSED_AFTER = timedelta(minutes=25)
_DIRECTIONS = {"buyer": Direction.IN, "desk": Direction.OUT, "note": Direction.NOTE}


class Stock:
    """Rows that wait to be written; what others point at comes first."""

    def __init__(self, team: Sequence[Agent], now: datetime) -> None:
        self.team = team
        self.now = now
        partners = SellingPartner.objects.all()
        self.partners = {place: partner for partner in partners for place in partner.marketplace_ids}
        self.mailboxes = {box.selling_partner_id: box for box in Mailbox.objects.all()}
        self.orders: dict[str, Order] = {}
        self.items: dict[str, OrderItem] = {}
        self.tickets: dict[int, Ticket] = {}
        self.rows: dict[type[models.Model], list[models.Model]] = {
            kind: []
            for kind in (
                OrderItem,
                ItemBalance,
                Message,
                Mention,
                Refund,
                RefundLine,
                Cancellation,
                Event,
                TicketLink,
            )
        }

    def add(self, *rows: models.Model) -> None:
        """Let rows wait to be written."""
        for row in rows:
            self.rows[type(row)].append(row)


def is_stocked(cases: Sequence[Case]) -> bool:
    """Return whether the archive is in the tables already."""
    order = next(case.order for case in cases if case.order)
    return Order.objects.filter(amazon_order_id=order.order_id).exists()


def store(
    cases: Sequence[Case], *, team: Sequence[Agent], now: datetime, check: Callable[[], None] = lambda: None
) -> None:
    """Write all cases, or none; `check` is called between batches and may raise to stop."""
    stock = Stock(team, now)
    for case in cases:
        _add_case(stock, case)
    with transaction.atomic():
        _write(Order, list(stock.orders.values()), check)
        _write(Ticket, list(stock.tickets.values()), check)
        _tie(stock, cases)
        for kind, rows in stock.rows.items():
            _write(kind, rows, check)
        _merge(stock, cases)
        _make_findable(check, [ticket.pk for ticket in stock.tickets.values()])


def _write(kind: type[models.Model], rows: list[models.Model], check: Callable[[], None]) -> None:
    for start in range(0, len(rows), BATCH):
        check()
        kind._default_manager.bulk_create(rows[start : start + BATCH])


def _make_findable(check: Callable[[], None], keys: Sequence[int]) -> None:
    tickets = Ticket.objects.select_related("order").prefetch_related("order__items")
    for start in range(0, len(keys), BATCH):
        check()
        SearchText.objects.rebuild(list(tickets.filter(pk__in=keys[start : start + BATCH])))


def _add_case(stock: Stock, case: Case) -> None:
    place = by_country(case.place.country)
    partner = stock.partners[place.id]
    spoken = [line for line in case.lines if line.speaker != "note"]
    last = spoken[-1]
    is_open = case.state == TicketState.OPEN
    ticket = Ticket(
        selling_partner=partner,
        mailbox=stock.mailboxes[partner.pk],
        order=_order(stock, case, partner, place.id, place.currency) if case.order else None,
        subject=case.subject,
        buyer_name=case.buyer,
        buyer_address=f"{case.alias}@marketplace.amazon.{place.mail_tld}",
        marketplace_id=place.id,
        language=case.place.language,
        state=case.state,
        assigned_to=None if case.agent is None else stock.team[case.agent],
        priority=case.priority,
        tags=case.tags,
        snoozed_until=case.snoozed_until,
        claim_at=case.claim_at,
        first_unanswered_at=last.at if is_open else None,
        answer_due_at=answer_due(last.at) if is_open else None,
        last_message_at=last.at,
        preview=" ".join(last.text.split())[:PREVIEW_CHARACTERS],
        closed_at=last.at + CLOSED_AFTER if case.state == TicketState.CLOSED else None,
    )
    stock.tickets[case.number] = ticket
    for number, line in enumerate(case.lines):
        _add_line(stock, case, ticket, line, number)
    _add_events(stock, case, ticket)
    if case.twin_of is None:
        _add_outcome(stock, case, ticket)


def _add_line(stock: Stock, case: Case, ticket: Ticket, line: Line, number: int) -> None:
    is_buyer = line.speaker == "buyer"
    author = None if is_buyer else stock.team[case.agent or 0]
    message = Message(
        ticket=ticket,
        direction=_DIRECTIONS[line.speaker],
        author=author,
        from_name=author.name if author else case.buyer,
        from_address=ticket.buyer_address if is_buyer else "",
        subject=case.subject,
        text=line.text,
        message_id=f"<{case.alias}-{number}@archive.amazon.example>" if line.speaker != "note" else "",
        authentic=True if is_buyer else None,
        at=line.at,
        shown_at=line.at,
    )
    stock.add(message)
    if line.calls is not None:
        stock.add(Mention(message=message, ticket=ticket, agent=stock.team[line.calls], at=line.at))


def _add_events(stock: Stock, case: Case, ticket: Ticket) -> None:
    stock.add(Event(kind=EventKind.TICKET_BEGUN, at=case.began, ticket=ticket))
    if ticket.order:
        number = {"number": ticket.order.amazon_order_id}
        stock.add(
            Event(kind=EventKind.ORDER_FOUND, at=case.began, ticket=ticket, order=ticket.order, facts=number)
        )
    if ticket.closed_at and ticket.assigned_to:
        stock.add(
            Event(kind=EventKind.TICKET_CLOSED, at=ticket.closed_at, ticket=ticket, agent=ticket.assigned_to)
        )


def _order(stock: Stock, case: Case, partner: SellingPartner, place_id: str, currency: str) -> Order:
    bought = case.order
    assert bought is not None
    if bought.order_id in stock.orders:
        return stock.orders[bought.order_id]
    order = Order(
        selling_partner=partner,
        amazon_order_id=bought.order_id,
        marketplace_id=place_id,
        status=bought.status,
        fulfilled_by=bought.fulfilled_by,
        currency=currency,
        purchased_at=bought.created,
        ship_by=bought.ship_by,
        deliver_by=bought.deliver_by,
        buyer_name=case.buyer,
        buyer_email=f"{case.alias}@marketplace.amazon",
        total_hundredths=sum(bought.paid.values()) * 10 ** (2 - case.place.digits),
        packages=_packages(case, bought),
        read_at=stock.now,
        money_read_at=stock.now,
    )
    stock.orders[bought.order_id] = order
    _add_item(stock, bought, order)
    return order


def _packages(case: Case, bought: Bought) -> list[dict[str, str]]:
    if not bought.tracking:
        return []
    shipped = bought.created + timedelta(hours=30)
    return [
        {
            "carrier": case.place.carrier,
            "tracking_number": bought.tracking,
            "status": "IN_TRANSIT",
            "shipped_at": shipped.isoformat(),
        }
    ]


def _add_item(stock: Stock, bought: Bought, order: Order) -> None:
    item = OrderItem(
        order=order,
        place=0,
        item_id=bought.item_id,
        asin=ASINS[bought.product],
        sku=SKUS[bought.product],
        title=bought.title,
        quantity_ordered=1,
        quantity_shipped=int(bought.is_shipped),
        quantity_cancelled=int(bool(bought.cancelled_by)),
        buyer_asked_to_cancel=bought.wants_cancel,
        buyer_cancel_reason="Ordered by mistake" if bought.wants_cancel else "",
        cancelled_by=bought.cancelled_by,
    )
    stock.add(item)
    stock.items[bought.order_id] = item
    for component, minor in bought.paid.items():
        posted = bought.refunded if component == "principal" else 0
        stock.add(ItemBalance(item=item, component=component, paid=minor, posted=posted))


def _add_outcome(stock: Stock, case: Case, ticket: Ticket) -> None:
    """Add the refund or the cancellation that Amazon has confirmed, with its steps."""
    bought, order = case.order, ticket.order
    if bought is None or order is None:
        return
    if bought.refunded_at:
        at = bought.refunded_at
        refund = Refund(
            order=order,
            reason="CustomerReturn" if case.topic == "return" else "GeneralAdjustment",
            currency=order.currency,
            total=bought.refunded,
            seen_in_finances_at=at,
            finances_refund_id=bought.refund_id,
            **_wish(case, ticket, at),
        )
        item = stock.items[bought.order_id]
        stock.add(refund, RefundLine(refund=refund, item=item, open=False, principal=bought.refunded))
        stock.add(*(_step(kind, ticket, at, refund=refund) for kind in _STEPS))
    elif bought.cancelled_by:
        at = case.began + timedelta(minutes=15)
        wish = Cancellation(
            order=order,
            reason="BuyerCanceled",
            counts_in_rate=False,
            seen_in_order_at=at,
            **_wish(case, ticket, at),
        )
        stock.add(wish, *(_step(kind, ticket, at, cancellation=wish) for kind in _STEPS))


_STEPS = (EventKind.REQUESTED, EventKind.SENT, EventKind.ACCEPTED, EventKind.CONFIRMED)


def _wish(case: Case, ticket: Ticket, at: datetime) -> dict[str, object]:
    return {
        "selling_partner": ticket.selling_partner,
        "ticket": ticket,
        "requested_by": ticket.assigned_to,
        "state": State.CONFIRMED,
        "request_key": f"archive-{case.number}",
        "requested_at": at,
        "send_after": at,
        "sent_at": at,
        "moved_at": at,
    }


def _step(kind: EventKind, ticket: Ticket, at: datetime, **delivery: models.Model) -> Event:
    return Event(
        kind=kind,
        at=at + timedelta(minutes=_STEPS.index(kind)),
        ticket=ticket,
        order=ticket.order,
        agent=ticket.assigned_to if kind is EventKind.REQUESTED else None,
        **delivery,
    )


def _tie(stock: Stock, cases: Sequence[Case]) -> None:
    """Link some tickets with their neighbours, now that they have numbers."""
    for one, other in zip(cases[::LINK_EVERY], cases[1::LINK_EVERY], strict=False):
        pair = sorted((stock.tickets[one.number], stock.tickets[other.number]), key=lambda each: each.pk)
        stock.add(TicketLink(first=pair[0], second=pair[1], at=stock.now))


def _merge(stock: Stock, cases: Sequence[Case]) -> None:
    """Let twins show in the tickets they were merged into; they are closed by that."""
    twins = []
    for case in cases:
        if case.twin_of is not None:
            twin = stock.tickets[case.number]
            twin.merged_into = stock.tickets[case.twin_of]
            twins.append(twin)
    Ticket.objects.bulk_update(twins, ["merged_into"])
