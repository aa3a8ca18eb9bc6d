"""Stock: ten thousand tickets with orders, balances, messages, events and refunds, stored in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from random import Random

from django.core.management import call_command
from django.db import connection

from bench.desk import agent, partners
from mostrador.amazon.components import Component
from mostrador.amazon.marketplaces import Marketplace, marketplace
from mostrador.domain.delivery import State
from mostrador.domain.tickets import TicketState, answer_due
from mostrador.models import (
    Event,
    EventKind,
    ItemBalance,
    Mailbox,
    Message,
    Order,
    OrderItem,
    Refund,
    RefundLine,
    SellingPartner,
    Ticket,
)
from mostrador.models.messages import Direction

TICKETS = 10_000
BATCH = 1_000
SEED = 7
WITHOUT_ORDER = 0.05
WITH_REFUND = 0.15
WITH_HTML = 0.3
STATES = ((TicketState.OPEN, 0.15), (TicketState.WAITING, 0.3), (TicketState.CLOSED, 0.55))
STATUSES = (("SHIPPED", 0.8), ("UNSHIPPED", 0.12), ("PARTIALLY_SHIPPED", 0.04), ("CANCELLED", 0.04))
REFUND_STATES = ((State.CONFIRMED, 0.9), (State.ACCEPTED, 0.05), (State.REJECTED, 0.04), (State.REVIEW, 0.01))
PAID = {Component.PRINCIPAL: 2995, Component.SHIPPING: 499, Component.TAX: 250}
GIVEN_BACK = 500
MESSAGES = (1, 1, 2, 2, 3, 3, 4, 8)  # on average three a ticket
# What people write follows Zipf's law: a few words everywhere, most of them hardly ever.
VOCABULARY = 20_000
SYLLABLES = (
    "ka",
    "lo",
    "mer",
    "tin",
    "sa",
    "ben",
    "dor",
    "u",
    "vi",
    "ler",
    "stan",
    "qui",
    "no",
    "far",
    "zel",
)
RARE_WORDS = 12
FIRST_NAMES = (
    "Jana",
    "Luis",
    "Élodie",
    "Marco",
    "Ingrid",
    "Amélie",
    "Tom",
    "Núria",
    "Björn",
    "Giulia",
    "Hana",
)
LAST_NAMES = ("Moser", "García", "Lefèvre", "Rossi", "Sørensen", "Okafor", "Smith", "Puig", "Öztürk", "Satō")
SENTENCES = (
    "the lamp arrived with a crack in its shade and I would like a part of the money back.",
    "laut Sendungsverfolgung liegt das Paket seit vier Tagen im Verteilzentrum.",
    "quería saber cuándo llega mi pedido, porque es un regalo y lo necesito antes del viernes.",
    "une des deux ampoules clignote, pouvez-vous la remplacer ou me rembourser ?",
    "il colore non è quello della foto, vorrei restituirlo ma non trovo l'etichetta.",
    "昨日届いた照明の調光器が動きません。交換できますでしょうか。",
)


class Stock:
    """What has been made so far, in lists that are stored together; the same seed makes the same stock."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.random = Random(SEED)  # noqa: S311  # sample texts, no secrets
        self.vocabulary = ["".join(self.random.choices(SYLLABLES, k=3)) for _ in range(VOCABULARY)]
        self.agent = agent()
        self.sellers = [(each, Mailbox.objects.filter(selling_partner=each).get()) for each in partners()]
        self.orders: list[Order] = []
        self.items: list[OrderItem] = []
        self.balances: list[ItemBalance] = []
        self.tickets: list[Ticket] = []
        self.messages: list[Message] = []
        self.refunds: list[Refund] = []
        self.lines: list[RefundLine] = []
        self.events: list[Event] = []

    def choose(self, shares: Sequence[tuple[str, float]]) -> str:
        """Return one of the words, each as often as its share says."""
        return self.random.choices([word for word, _ in shares], [share for _, share in shares])[0]

    def words(self) -> str:
        """Return what somebody wrote: two to six sentences with words of its own."""
        sentences = self.random.choices(SENTENCES, k=self.random.randint(2, 6))
        places = (int(VOCABULARY ** self.random.random()) - 1 for _ in range(RARE_WORDS))
        return "Hello, " + "\n".join([*sentences, " ".join(self.vocabulary[each] for each in places)])

    def name(self) -> str:
        """Return somebody's name."""
        rare = self.random.choice(self.vocabulary).capitalize()
        return f"{self.random.choice(FIRST_NAMES)} {rare} {self.random.choice(LAST_NAMES)}"

    def store(self) -> None:
        """Write everything, what others point at first, and begin anew."""
        for rows in (
            self.orders,
            self.items,
            self.balances,
            self.tickets,
            self.messages,
            self.refunds,
            self.lines,
            self.events,
        ):
            if rows:
                type(rows[0])._default_manager.bulk_create(rows, batch_size=BATCH)
                rows.clear()


def fill(now: datetime, count: int = TICKETS) -> None:
    """Store `count` tickets and let PostgreSQL look at what it has."""
    stock = Stock(now)
    for number in range(count):
        _add_ticket(stock, number)
        if number % BATCH == BATCH - 1:
            stock.store()
    stock.store()
    call_command("rebuild_search", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _add_ticket(stock: Stock, number: int) -> None:
    partner, mailbox = stock.sellers[number % len(stock.sellers)]
    place = marketplace(stock.random.choice(partner.marketplace_ids))
    began = stock.now - timedelta(minutes=stock.random.uniform(10, 90 * 24 * 60))
    order = None
    if stock.random.random() > WITHOUT_ORDER:
        order = _add_order(stock, number, partner, place, began)
    name = stock.name()
    ticket = Ticket(
        selling_partner=partner,
        mailbox=mailbox,
        order=order,
        subject=f"Inquiry from Amazon customer {name}",
        buyer_name=name,
        buyer_address=f"buyer{number}+{number:08d}@marketplace.amazon.{place.mail_tld}",
        comm_mgr_token=f"[commMgrTok:{number:024d}]",
        marketplace_id=place.id,
        language=place.language,
        state=stock.choose(STATES),
        last_message_at=began,
    )
    stock.tickets.append(ticket)
    _add_conversation(stock, ticket, began)
    stock.events.append(Event(kind=EventKind.TICKET_BEGUN, at=began, ticket=ticket))
    if order is not None:
        found = Event(kind=EventKind.ORDER_FOUND, at=began, ticket=ticket, order=order)
        stock.events.append(found)
        if stock.random.random() < WITH_REFUND and order.status == "SHIPPED":
            _add_refund(stock, ticket, order, began)


def _add_order(
    stock: Stock, number: int, partner: SellingPartner, place: Marketplace, began: datetime
) -> Order:
    status = stock.choose(STATUSES)
    order = Order(
        selling_partner=partner,
        amazon_order_id=f"5{partner.pk:02d}-{number:07d}-{number:07d}",
        marketplace_id=place.id,
        status=status,
        fulfilled_by="MERCHANT",
        currency=place.currency,
        purchased_at=began - timedelta(days=4),
        amazon_updated_at=began,
        ship_by=began - timedelta(days=2),
        deliver_by=began + timedelta(days=2),
        buyer_name=f"Buyer {number}",
        read_at=stock.now,
        packages=[{"carrier": "DHL", "tracking_number": f"JJD{number:012d}", "status": "", "shipped_at": ""}],
    )
    stock.orders.append(order)
    for line in range(stock.random.choice((1, 1, 1, 2, 3))):
        item = OrderItem(
            order=order,
            place=line,
            item_id=f"{number:011d}{line:03d}",
            asin=f"B0{number % 97:08d}",
            sku=f"NL-{number % 97}",
            title=f"Table lamp Fjord, brass, dimmable, model {number % 97}",
            quantity_ordered=2,
            quantity_shipped=2 if status == "SHIPPED" else 0,
        )
        stock.items.append(item)
        stock.balances += [ItemBalance(item=item, component=c, paid=minor) for c, minor in PAID.items()]
    return order


def _add_conversation(stock: Stock, ticket: Ticket, began: datetime) -> None:
    """Add one to twelve messages in turn; the last one says whose turn it is."""
    count = stock.random.choice(MESSAGES)
    for number in range(count):
        is_ours = number % 2 == 1
        text = stock.words()
        at = began + (stock.now - began) * (number / count)
        message = Message(
            ticket=ticket,
            direction=Direction.OUT if is_ours else Direction.IN,
            author=stock.agent if is_ours else None,
            from_name=stock.agent.name if is_ours else ticket.buyer_name,
            from_address=ticket.buyer_address,
            subject=ticket.subject,
            text=text,
            html=f"<p>{text}</p>" if not is_ours and stock.random.random() < WITH_HTML else "",
            message_id=f"<{ticket.comm_mgr_token[12:-1]}-{number}@marketplace.amazon.de>",
            at=at,
        )
        stock.messages.append(message)
        ticket.last_message_at, ticket.preview = at, " ".join(text.split())[:160]
    if ticket.state == TicketState.OPEN:
        ticket.first_unanswered_at = ticket.last_message_at
        ticket.answer_due_at = answer_due(ticket.last_message_at)
    elif ticket.state == TicketState.CLOSED:
        ticket.closed_at = ticket.last_message_at


def _add_refund(stock: Stock, ticket: Ticket, order: Order, began: datetime) -> None:
    """Add a refund of the first item with its line, its money and its steps."""
    state = State(stock.choose(REFUND_STATES))
    refund = Refund(
        selling_partner=order.selling_partner,
        order=order,
        ticket=ticket,
        requested_by=stock.agent,
        state=state,
        reason="CustomerReturn",
        request_key=f"bench-{order.amazon_order_id}",
        requested_at=began,
        moved_at=began,
        send_after=began,
        sent_at=began,
        currency=order.currency,
        total=GIVEN_BACK,
    )
    item = next(each for each in reversed(stock.items) if each.order is order and each.place == 0)
    balance = next(
        each for each in reversed(stock.balances) if each.item is item and each.component == "principal"
    )
    if state in (State.CONFIRMED, State.ACCEPTED):
        balance.posted = GIVEN_BACK
    elif state is State.REVIEW:
        balance.pending = GIVEN_BACK
    stock.refunds.append(refund)
    stock.lines.append(RefundLine(refund=refund, item=item, open=state is State.REVIEW, principal=GIVEN_BACK))
    steps = (EventKind.REQUESTED, EventKind.SEALED, EventKind.SENT, EventKind(state.value))
    stock.events += [
        Event(kind=kind, at=began, ticket=ticket, order=order, refund=refund, agent=stock.agent)
        for kind in steps
    ]
