"""Orders: read them from Amazon, never faster than its usage plan, and note what changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from mostrador.amazon import finances
from mostrador.amazon import orders as amazon
from mostrador.amazon.errors import AmazonError
from mostrador.domain.delivery import State
from mostrador.models import Event, EventKind, Order, SearchText, SellingPartner
from mostrador.tasks import cancellations, forgotten, refunds
from mostrador.tasks.clock import on_the_wall
from mostrador.tasks.gate import NoToken, ask
from mostrador.tasks.invariants import guarded

# Amazon wants the "before" bound at least two minutes in the past.
SEARCH_ENDS_BEFORE = timedelta(minutes=3)
SEARCH_OVERLAPS = timedelta(minutes=5)
PAGES_AT_ONCE = 10
READ_AGAIN_AFTER_ERROR = timedelta(minutes=1)
# An accepted action is looked for in the order and the accounts: soon, then ever less often (48 hours' lag).
PROOF_AFTER = timedelta(seconds=3)
_PROOF_EVERY = (
    (timedelta(minutes=1), timedelta(seconds=15)),
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=2), timedelta(minutes=15)),
)
_PROOF_AT_MOST_EVERY = timedelta(hours=3)
_PROOF_UNTIL = timedelta(days=7)


def plan_refresh(*, order_id: int, now: datetime) -> None:
    """Have an order read again as soon as a token is free; the job commits with the caller's transaction."""
    Order.objects.filter(pk=order_id).update(next_read_at=now)  # the job is only a hint
    refresh.defer(order_id=order_id)


def plan_proof(*, order_id: int, now: datetime) -> None:
    """Have an order and its bookings read in a moment, because an action on it has just been decided."""
    at = now + PROOF_AFTER
    Order.objects.filter(pk=order_id).update(next_read_at=at)  # the job is only a hint
    refresh.configure(schedule_at=on_the_wall(at)).defer(order_id=order_id)


@app.task(name="orders.refresh")
@guarded
def refresh(*, order_id: int) -> None:
    """Read one order and what Amazon's accounts say of it; a failure is noted and tried later."""
    order = Order.objects.select_related("selling_partner").get(pk=order_id)
    now = timezone.now()
    try:
        order = read_order(order, now)
        if order.may_have_bookings():
            _read_bookings(order, now)
    except NoToken as wait:
        order.plan_read(at=wait.ready_at)
        refresh.configure(schedule_at=on_the_wall(wait.ready_at)).defer(order_id=order_id)
    except AmazonError as error:
        order.plan_read(at=now + READ_AGAIN_AFTER_ERROR, trouble=str(error))
    else:
        _plan_next_proof(order, now)


def read_order(order: Order, now: datetime) -> Order:
    """Read one order now and store it; return it as stored.

    Raises: NoToken, AmazonError.
    """
    said = ask(
        order.selling_partner,
        "getOrder",
        lambda client: amazon.get_order(client, order_id=order.amazon_order_id, now=now),
        now,
    )
    return take_over(partner=order.selling_partner, said=said, now=now)


def take_over(*, partner: SellingPartner, said: amazon.Order, now: datetime) -> Order:
    """Store what Amazon says of an order, note what changed, and confirm what it proves."""
    with transaction.atomic():
        # Locked before it is looked at: of two readings at once, one notes what changed.
        before = Order.objects.locked(Order.objects.expect(partner=partner, amazon_order_id=said.order_id).pk)
        known_status = before.status if before.read_at else ""
        had_asked = before.buyer_asked_to_cancel()
        order = Order.objects.store(partner=partner, said=said, now=now)
        if known_status and order.status != known_status:
            Event.objects.note(
                EventKind.ORDER_STATUS_CHANGED, at=now, order=order, before=known_status, after=order.status
            )
        if order.buyer_asked_to_cancel() and not had_asked:
            cancellations.note_request(order=order, now=now)
        cancellations.confirm(order=order, now=now)
        forgotten.match_order(order=order, now=now)
        SearchText.objects.write_keys_of(order)
    return order


def _read_bookings(order: Order, now: datetime) -> None:
    """Read Amazon's accounts for an order: what we refunded shows up there, and what others did."""
    transactions = ask(
        order.selling_partner,
        "listTransactions",
        lambda client: finances.list_transactions(client, order_id=order.amazon_order_id, now=now),
        now,
    )
    skus = {item.sku: item.item_id for item in order.items.all() if item.sku}
    bookings = finances.refunds(transactions, item_ids_by_sku=skus)
    refunds.take_over(order=order, bookings=bookings, now=now)


def _plan_next_proof(order: Order, now: datetime) -> None:
    """Look again while something accepted has not been seen in the order or the accounts."""
    waiting = [
        *order.refunds.filter(state=State.ACCEPTED).values_list("moved_at", flat=True),
        *order.cancellations.filter(state=State.ACCEPTED).values_list("moved_at", flat=True),
    ]
    if order.held_since is not None:
        waiting.append(max(order.held_since, now - forgotten.LOOKS_EVERY))
    ages = [now - accepted_at for accepted_at in waiting if now - accepted_at < _PROOF_UNTIL]
    if not ages:
        order.read_is_done()
        return
    at = now + _proof_every(min(ages))
    order.plan_read(at=at)
    refresh.configure(schedule_at=on_the_wall(at)).defer(order_id=order.pk)


def _proof_every(age: timedelta) -> timedelta:
    return next((every for younger, every in _PROOF_EVERY if age < younger), _PROOF_AT_MOST_EVERY)


@app.task(name="orders.sync")
@guarded
def sync(*, partner_id: int) -> None:
    """Read the orders that changed since the last time, page by page, as far as tokens last."""
    partner = SellingPartner.objects.get(pk=partner_id)
    now = timezone.now()
    try:
        for _ in range(PAGES_AT_ONCE):
            if not search_page(partner, timezone.now()):
                break
        partner.plan_sync(at=now + timedelta(seconds=settings.SYNC_EVERY_SECONDS))
    except NoToken as wait:
        partner.plan_sync(at=wait.ready_at)
    except AmazonError as error:
        if error.status == 400 and partner.search_page:
            partner.begin_search(until=now - SEARCH_ENDS_BEFORE)  # the page's token has run out
        partner.plan_sync(at=now + READ_AGAIN_AFTER_ERROR, trouble=str(error))


def search_page(partner: SellingPartner, now: datetime) -> bool:
    """Read one page of changed orders; return whether there are more.

    Raises: NoToken, AmazonError.
    """
    if partner.search_until is None:
        partner.begin_search(until=now - SEARCH_ENDS_BEFORE)
    first = now - timedelta(days=settings.FIRST_SYNC_DAYS)
    since = partner.orders_read_until - SEARCH_OVERLAPS if partner.orders_read_until else first
    page = ask(
        partner,
        "searchOrders",
        lambda client: amazon.search_orders(
            client,
            marketplace_ids=partner.marketplace_ids,
            last_updated_after=since,
            last_updated_before=partner.search_until,
            pagination_token=partner.search_page or None,
            now=now,
        ),
        now,
    )
    for said in page.orders:
        take_over(partner=partner, said=said, now=now)
    partner.turn_page(page.next_token or "")
    return bool(page.next_token)
