"""Doubts in a browser: every state in which an agent could do harm, in English and in Spanish."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.furnish import SPANISH_AGENT
from tests.journeys.house import House
from tests.journeys.seat import Seat

AMERICA, JAPAN = "A3NORDLICHTUS4", "A1NORDLICHTJP9"
REFUNDS, CANCELLATIONS = "POST_PAYMENT_ADJUSTMENT_DATA", "POST_ORDER_ACKNOWLEDGEMENT_DATA"
# A lost answer as if it were lost long ago, its token expired, and two looks had found nothing.
_LONG_AGO = """
    UPDATE mostrador_feed SET marked_at = now() - interval '95 minutes',
        document_at = now() - interval '96 minutes', token_expires_at = now() - interval '40 minutes',
        empty_looks = ARRAY[now() - interval '32 minutes', now() - interval '16 minutes'],
        next_action_at = now() - interval '1 second' WHERE id = %s
"""
_SPEAK = "UPDATE mostrador_agent SET language = %s WHERE email = %s"
_AGES_AGO = """
    UPDATE mostrador_refund r SET moved_at = now() - interval '8 days' FROM mostrador_order o
     WHERE o.id = r.order_id AND o.amazon_order_id = %s AND r.state = 'accepted'
"""
_ELSEWHERE = """
    SELECT count(*) AS n FROM mostrador_refund r JOIN mostrador_order o ON o.id = r.order_id
     WHERE o.amazon_order_id = %s AND r.source = 'elsewhere'
"""
_numbers = count(1)

# What the newest card says, and what the order's own panel says, in both languages.
_SAID = {
    "unknown": (
        (
            "Do not refund it here or in Seller Central.",
            "next look",
            "decision at the latest",
            "Next look in",
        ),
        (
            "No lo reembolses ni aquí ni en Seller Central.",
            "próxima consulta",
            "como muy tarde",
            "Próxima consulta en",
        ),
        ("still under way", "sigue en curso"),
    ),
    "cancel-unknown": (
        ("Do not cancel it in Seller Central.", "decision at the latest", "Next look in"),
        ("No lo canceles en Seller Central.", "decisión como muy tarde"),
        ("On hold: perhaps cancelled", "Retenido: quizá cancelado"),
    ),
    "review": (
        ("a person must look", "Wait until ", "is this amount among them?", "The refund is not there"),
        ("tiene que mirarlo una persona", "Espera hasta las ", "El reembolso no está"),
        ("needs review", "hay que revisarlo"),
    ),
    "cancel-review": (
        ("whether Amazon cancelled the order", "Do not cancel it a second time.", "It is not cancelled"),
        ("Aún no se sabe si Amazon canceló el pedido", "No está cancelado"),
        ("until it is known what became of", "hasta que se sepa qué ha sido de"),
    ),
    "rejected": (
        ("The buyer got nothing from this refund", "Refund another amount"),
        ("El comprador no recibió nada de este reembolso", "Reembolsar otro importe"),
        ("Refunded outside this program", "Reembolsado fuera de este programa"),
    ),
    "disputed": (
        ("its accounts do not show it", "Do not refund it again: both might arrive."),
        ("sus cuentas no lo muestran", "No lo reembolses otra vez: podrían llegar los dos."),
        ("accepted, but not in the accounts", "aceptado, pero no está en las cuentas"),
    ),
    "not-sent": (
        ("Proven: nothing reached Amazon", "Send again …"),
        ("Está probado: nada llegó a Amazon", "Enviar otra vez …"),
        ("Refund", "Reembolsar"),
    ),
}
_IN_DOUBT = ("unknown", "cancel-unknown", "review", "cancel-review", "disputed")


@pytest.fixture(scope="module")
def orders(house: House) -> Iterator[dict[str, str]]:
    """One order for each state; afterwards Amazon answers again, and their tickets are closed."""
    found = {name: _order(house, name) for name in _SAID}
    for order_id in found.values():
        house.control("POST", "mail", order_id=order_id, text="Where is my parcel?")
    yield found
    house.control("DELETE", "faults")
    house.database.execute("UPDATE mostrador_feed SET next_action_at = now() WHERE state = 'unknown'")
    house.wait_for_state("refund", found["unknown"], "accepted", "confirmed")
    house.wait_for_state("cancellation", found["cancel-unknown"], "accepted", "confirmed")
    tickets = [house.ticket(order_id) for order_id in found.values()]
    house.database.execute("UPDATE mostrador_ticket SET state = 'closed' WHERE id = ANY(%s)", [tickets])
    house.database.execute(_SPEAK, ["en", SPANISH_AGENT])


def _order(house: House, name: str) -> str:
    number, market = next(_numbers), "JP" if name.endswith("unknown") else "US"
    order_id = f"118-{number:07d}-{number:07d}"
    item = {"order_item_id": f"{number:014d}", "asin": "B0C7XK21QP", "sku": "NL-1", "title": "Lamp"}
    house.control(
        "POST",
        "orders",
        marketplace=market,
        order_id=order_id,
        created="-2d",
        updated="-1d",
        status="UNSHIPPED" if name.startswith("cancel") else "SHIPPED",
        buyer={"name": f"Robin {name.title()}"},
        items=[{**item, "unit_price": "2000" if market == "JP" else "20.00"}],
    )
    return order_id


def test_every_doubtful_state_says_what_is_true_and_offers_no_second_sending(
    seat: Seat, house: House, take: TakeSeat, orders: dict[str, str]
) -> None:
    for name, order_id in orders.items():
        _reach(seat, house, name, order_id)
    for name, order_id in orders.items():
        _reads(seat, order_id, _SAID[name][0], _SAID[name][2][0], in_doubt=name in _IN_DOUBT)
        assert name != "review" or flaws(seat.page, within="article.card") == []
    _names_who_sends_again(seat, orders["not-sent"], "in your name (Marta Gil)", "Yes, send it again")
    house.database.execute(_SPEAK, ["es", SPANISH_AGENT])
    with take(SPANISH_AGENT) as other:
        for name, order_id in orders.items():
            _reads(other, order_id, _SAID[name][1], _SAID[name][2][1], in_doubt=name in _IN_DOUBT)
        _names_who_sends_again(other, orders["not-sent"], "en tu nombre (Lola Prat)", "Sí, enviarlo otra vez")
        other.at_home()


def _reach(seat: Seat, house: House, name: str, order_id: str) -> None:
    """Bring an order into its state by what Amazon does, and by time that has passed."""
    table = "cancellation" if name.startswith("cancel") else "refund"
    house.wait(lambda: _is_read(house, order_id), f"the ticket of {order_id}")
    seat.open(order_id)
    expect(seat.page.locator("[data-key=c]" if table == "cancellation" else "[data-key=f]")).to_be_visible()
    _misfortune(house, name)
    seat.page.keyboard.press("c" if table == "cancellation" else "f")
    if table == "cancellation":
        seat.form.get_by_label("Amazon's reason").select_option("NoInventory")
    if name == "rejected":
        item = f"{int(order_id[-7:]):014d}"
        house.control("PATCH", f"orders/{order_id}", refund={"items": {item: {"Principal": "15.00"}}})
    seat.form.locator(".btn.main, .btn.stop").last.click()
    seat.button("Send now").click()
    match name:
        case "not-sent":
            house.wait_for_state(table, order_id, "unknown")
            house.database.execute(_LONG_AGO, [house.feed(order_id)["id"]])
            house.wait_for_state(table, order_id, "not_sent")
        case "rejected":
            house.wait_for_state(table, order_id, "rejected")
            house.wait(lambda: bool(house.row(_ELSEWHERE, order_id)["n"]), "the refund of another hand")
        case "disputed":
            house.wait_for_state(table, order_id, "accepted")
            house.database.execute(_AGES_AGO, [order_id])
        case _:
            house.wait_for_state(table, order_id, name.rpartition("-")[2])
    if name.endswith("unknown"):
        later = "UPDATE mostrador_feed SET next_action_at = now() + interval '10 minutes' WHERE id = %s"
        house.database.execute(later, [house.feed(order_id)["id"]])


def _is_read(house: House, order_id: str) -> bool:
    query = (
        "SELECT count(*) AS n FROM mostrador_ticket t JOIN mostrador_order o ON o.id = t.order_id "
        "WHERE o.amazon_order_id = %s AND o.read_at IS NOT NULL "
        "AND (o.money_read_at IS NOT NULL OR o.status = 'UNSHIPPED')"
    )
    return bool(house.row(query, order_id)["n"])


def _misfortune(house: House, name: str) -> None:
    """Tell Amazon what to do with what comes next."""
    faults = {
        "unknown": {"action": "drop_after", "operation": "createFeed", "seller_id": JAPAN},
        "cancel-unknown": {"action": "drop_after", "operation": "createFeed", "seller_id": JAPAN},
        "review": {"action": "fatal_some", "operation": REFUNDS, "seller_id": AMERICA},
        "cancel-review": {"action": "fatal_none", "operation": CANCELLATIONS, "seller_id": AMERICA},
        "not-sent": {"action": "drop_before", "operation": "createFeed", "seller_id": AMERICA},
        "disputed": {
            "action": "status",
            "status": 503,
            "operation": "listTransactions",
            "seller_id": AMERICA,
            "times": None,
        },
    }
    if name in faults:
        house.control("POST", "faults", **faults[name])


def _reads(seat: Seat, order_id: str, card: tuple[str, ...], panel: str, *, in_doubt: bool) -> None:
    """Assert what stands on the card and beside it, and that nothing sends what may have been done."""
    seat.open(order_id)
    shown = seat.line.locator("article.card:not(.else)").last
    for words in card:
        expect(shown).to_contain_text(words)
    expect(seat.page.locator("#order")).to_contain_text(panel)
    if in_doubt:
        expect(seat.page.locator(".again, [id^=again-], #act [data-key=f], #act [data-key=c]")).to_have_count(
            0
        )


def _names_who_sends_again(seat: Seat, order_id: str, name: str, yes: str) -> None:
    """Assert that sending once more takes a second press, by somebody named."""
    seat.open(order_id)
    expect(seat.button(yes)).to_be_hidden()
    seat.card().locator(".again summary").click()
    expect(seat.card()).to_contain_text(name)
    expect(seat.button(yes)).to_be_visible()
