"""Plain makers with good defaults: each stores one thing by the model's own factory and returns it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction

from mostrador.amazon import orders as amazon_orders
from mostrador.amazon.components import Component
from mostrador.amazon.marketplaces import by_country, marketplace
from mostrador.domain.delivery import Source, State
from mostrador.domain.refunds import Line
from mostrador.models import (
    Agent,
    Cancellation,
    Mailbox,
    Message,
    Order,
    Refund,
    Reply,
    SearchText,
    SellingPartner,
    Ticket,
)
from mostrador.models.messages import Direction
from mostrador.money import Money

# Noon of yesterday: tasks look at the real clock, for which this is past.
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
PASSWORD = "correct horse battery"
BUYER = "a1b2c3d4e5f6g7h+8AbCd@marketplace.amazon.de"
TOKEN = "[commMgrTok:A3CKQZZ1]"

_numbers = itertools.count(1)


def make_agent(
    *, name: str = "Ana Ruiz", email: str = "", is_owner: bool = False, language: str = "en"
) -> Agent:
    """Store an agent whose password is PASSWORD."""
    return Agent.objects.add(
        email=email or f"agent{next(_numbers)}@desk.test",
        name=name,
        password=PASSWORD,
        is_owner=is_owner,
        language=language,
    )


def make_selling_partner(
    *, name: str = "Nordlicht", region: str = "eu", seller_id: str = "", countries: Sequence[str] = ("DE",)
) -> SellingPartner:
    """Store a selling partner with credentials that open nothing."""
    return SellingPartner.objects.connect(
        name=name,
        seller_id=seller_id or f"A{next(_numbers):013d}",
        region=region,
        marketplace_ids=[by_country(country).id for country in countries],
        client_id="amzn1.application-oa2-client.test",
        client_secret="client-secret-of-the-tests",
        refresh_token="Atzr|refresh-token-of-the-tests",
    )


def make_mailbox(
    *,
    partner: SellingPartner | None = None,
    url: str = "maildir:/nowhere",
    secret: str = "",
    smtp_url: str = "smtp://127.0.0.1:1",
    smtp_secret: str = "",
    from_address: str = "service@nordlicht.example",
) -> Mailbox:
    """Store a mailbox; by default nothing comes in and nothing can leave."""
    return Mailbox.objects.add(
        selling_partner=partner or make_selling_partner(),
        url=url,
        secret=secret,
        smtp_url=smtp_url,
        smtp_secret=smtp_secret,
        from_address=from_address,
    )


def make_order_number() -> str:
    """Return an order number nobody has used yet."""
    number = next(_numbers)
    return f"302-{number:07d}-{number:07d}"


def make_item(
    *,
    item_id: str = "",
    title: str = "Desk lamp",
    quantity: int = 1,
    shipped: int | None = None,
    paid: Mapping[Component, int] | None = None,
    currency: str = "EUR",
    cancel_requested: bool = False,
) -> amazon_orders.OrderItem:
    """Return a line of an order as Amazon tells it; `paid` is in minor units, by default 25.00."""
    money = {c: Money(minor, currency) for c, minor in (paid or {Component.PRINCIPAL: 2500}).items()}
    return amazon_orders.OrderItem(
        item_id=item_id or f"{next(_numbers):014d}",
        asin="B0TEST0001",
        sku="LAMP-1",
        title=title,
        quantity_ordered=quantity,
        quantity_shipped=quantity if shipped is None else shipped,
        quantity_cancelled=0,
        unit_price=None,
        paid=money,
        total=None,
        cancel_requested=cancel_requested,
        buyer_cancel_request=None,
        cancelled_by=None,
        cancel_reason=None,
    )


def make_order(
    *,
    partner: SellingPartner | None = None,
    number: str = "",
    country: str = "DE",
    status: str = "SHIPPED",
    fulfilled_by: str = "MERCHANT",
    programs: Sequence[str] = (),
    items: Sequence[amazon_orders.OrderItem] | None = None,
    buyer_name: str = "Jürgen Groß",
    replacement_of: str | None = None,
    read_at: datetime = NOW,
    updated_at: datetime = NOW - timedelta(days=1),
) -> Order:
    """Store an order as read from Amazon: by default FBM, shipped, one lamp for 25.00."""
    store = by_country(country)
    unshipped = status in ("PENDING", "PENDING_AVAILABILITY", "UNSHIPPED", "CANCELLED")
    lines = items or [make_item(currency=store.currency, shipped=0 if unshipped else None)]
    said = amazon_orders.Order(
        order_id=number or make_order_number(),
        marketplace_id=store.id,
        status=status,
        fulfilled_by=fulfilled_by,
        programs=tuple(programs),
        purchased_at=updated_at - timedelta(days=2),
        last_updated_at=updated_at,
        ship_from=None,
        ship_by=updated_at + timedelta(days=2),
        deliver_from=None,
        deliver_by=updated_at + timedelta(days=5),
        buyer_name=buyer_name,
        buyer_email=None,
        replacement_of=replacement_of,
        currency=store.currency,
        total=None,
        items=tuple(lines),
        packages=(),
    )
    with transaction.atomic():
        order = Order.objects.store(partner=partner or make_selling_partner(), said=said, now=read_at)
    order.money_was_read(read_at)
    order.refresh_from_db()
    return order


def make_ticket(
    *,
    partner: SellingPartner | None = None,
    order: Order | None = None,
    mailbox: Mailbox | None = None,
    buyer_address: str = BUYER,
    buyer_name: str = "Jürgen Groß",
    language: str = "",
    token: str = TOKEN,
    text: str = "Guten Tag, die Lampe ist kaputt.",
    now: datetime = NOW,
) -> Ticket:
    """Store an open ticket in which the buyer has written `text`; it has a mailbox, and an order if given."""
    owner = partner or (order.selling_partner if order else None) or make_selling_partner()
    marketplace_id = order.marketplace_id if order else by_country("DE").id
    ticket = Ticket.objects.begin(
        partner=owner,
        mailbox=mailbox or make_mailbox(partner=owner),
        order=order,
        subject="Anfrage von Amazon-Kunde Jürgen Groß",
        buyer_name=buyer_name,
        buyer_address=buyer_address,
        marketplace_id=marketplace_id,
        language=language or marketplace(marketplace_id).language,
        now=now,
    )
    ticket.learn(order=order, address=buyer_address, token=token)
    SearchText.objects.write_keys(ticket)
    make_message(ticket=ticket, text=text, at=now)
    return ticket


def make_message(
    *, ticket: Ticket, text: str = "Guten Tag!", message_id: str = "", at: datetime = NOW
) -> Message:
    """Store words of the buyer, which start the 24 hours."""
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.IN,
        from_name=ticket.buyer_name,
        from_address=ticket.buyer_address,
        subject=ticket.subject,
        text=text,
        message_id=message_id or f"<buyer-{next(_numbers)}@marketplace.amazon.de>",
        at=at,
    )
    SearchText.objects.add(ticket=ticket, text=text, language=ticket.language)
    ticket.heard_from_buyer(at=at, preview=text)
    return message


def make_refund(
    *,
    order: Order | None = None,
    ticket: Ticket | None = None,
    agent: Agent | None = None,
    amounts: Mapping[Component, int] | None = None,
    reason: str = "CustomerReturn",
    state: State = State.REQUESTED,
    now: datetime = NOW,
) -> Refund:
    """Store a refund of 10.00 of the order's first item, brought to `state` by allowed moves."""
    order = order or (ticket.order if ticket else None) or make_order()
    first = order.items.order_by("place")[0]
    with transaction.atomic():
        refund = Refund.objects.request(
            order=order,
            ticket=ticket,
            agent=agent or make_agent(),
            source=Source.AGENT,
            lines=[Line(first.item_id, amounts or {Component.PRINCIPAL: 1000})],
            reason=reason,
            note="",
            seen_available=None,
            request_key=f"key-{next(_numbers)}",
            request_sha256="",
            send_after=now,
            now=now,
        )
        bring_to(refund, state, now=now)
    return refund


def make_cancellation(
    *,
    order: Order | None = None,
    ticket: Ticket | None = None,
    agent: Agent | None = None,
    reason: str = "NoInventory",
    state: State = State.REQUESTED,
    now: datetime = NOW,
) -> Cancellation:
    """Store a cancellation, brought to `state` by allowed moves."""
    with transaction.atomic():
        cancellation = Cancellation.objects.request(
            order=order or (ticket.order if ticket else None) or make_order(status="UNSHIPPED"),
            ticket=ticket,
            agent=agent or make_agent(),
            source=Source.AGENT,
            reason=reason,
            note="",
            counts_in_rate=True,
            request_key=f"key-{next(_numbers)}",
            request_sha256="",
            send_after=now,
            now=now,
        )
        bring_to(cancellation, state, now=now)
    return cancellation


def make_reply(
    *,
    ticket: Ticket | None = None,
    agent: Agent | None = None,
    text: str = "Guten Tag, wir kümmern uns darum.",
    macro: str = "",
    language: str = "de",
    close: bool = False,
    armed_on: Refund | Cancellation | None = None,
    send_after: datetime = NOW,
    now: datetime = NOW,
) -> Reply:
    """Store a reply that waits to leave; no job is deferred."""
    return Reply.objects.request(
        ticket=ticket or make_ticket(),
        agent=agent or make_agent(),
        source=Source.AGENT,
        text=text,
        macro=macro,
        language=language,
        closes_ticket=close,
        armed_refund=armed_on if isinstance(armed_on, Refund) else None,
        armed_cancellation=armed_on if isinstance(armed_on, Cancellation) else None,
        request_key=f"key-{next(_numbers)}",
        request_sha256="",
        send_after=send_after,
        now=now,
    )


_WAYS = {
    State.REQUESTED: (),
    State.WITHDRAWN: (State.WITHDRAWN,),
    State.SENDING: (State.SENDING,),
    State.UNKNOWN: (State.SENDING, State.UNKNOWN),
    State.SENT: (State.SENDING, State.SENT),
    State.NOT_SENT: (State.SENDING, State.SENT, State.NOT_SENT),
    State.REVIEW: (State.SENDING, State.SENT, State.REVIEW),
    State.REJECTED: (State.SENDING, State.SENT, State.REJECTED),
    State.ACCEPTED: (State.SENDING, State.SENT, State.ACCEPTED),
    State.CONFIRMED: (State.SENDING, State.SENT, State.ACCEPTED, State.CONFIRMED),
}


def bring_to(delivery: Refund | Cancellation | Reply, state: State, *, now: datetime = NOW) -> None:
    """Move a requested delivery to `state`, step by step, as the table of moves allows."""
    for step in _WAYS[state]:
        delivery.move(step, now=now)
