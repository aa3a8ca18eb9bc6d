"""Bookings: exact money, every page, and the refunds among them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mostrador.amazon import finances
from mostrador.amazon.components import Component
from mostrador.amazon.errors import Unreadable
from mostrador.amazon.finances import OutsideRefund, Transaction, component_of, list_transactions, refunds
from mostrador.money import Money

from .amazonlike import NOW, Amazonlike
from .conftest import model

PATH = "/finances/2024-06-19/transactions"
ORDER = "123-1234567-1234567"


class Number(str):
    """A number written into the JSON as it stands."""


def sum_json(amount: str, currency: str = "EUR") -> dict[str, Any]:
    return {"currencyAmount": Number(amount), "currencyCode": currency}


def part(name: str, amount: str, *parts: dict[str, Any], currency: str = "EUR") -> dict[str, Any]:
    return {"breakdownType": name, "breakdownAmount": sum_json(amount, currency), "breakdowns": list(parts)}


def booking(total: str, *parts: dict[str, Any], name: str = "t1", **changes: Any) -> dict[str, Any]:
    identifiers = [("ORDER_ID", ORDER), *changes.pop("ids", [("REFUND_ID", f"refund-{name}")])]
    return {
        "transactionId": name,
        "transactionType": "Refund",
        "transactionStatus": "RELEASED",
        "description": "Refund Order",
        "postedDate": "2026-11-24T10:00:00Z",
        "totalAmount": sum_json(total),
        "relatedIdentifiers": [
            {"relatedIdentifierName": word, "relatedIdentifierValue": value} for word, value in identifiers
        ],
        "items": [
            {
                "totalAmount": sum_json(total),
                "relatedIdentifiers": [
                    {
                        "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
                        "itemRelatedIdentifierValue": "adj-1",
                    }
                ],
                "contexts": [{"contextType": "ProductContext", "sku": "SKU-1"}],
                "breakdowns": list(parts),
            }
        ],
    } | changes


def plain(value: Any) -> str:
    """Write JSON with numbers exactly as they were given."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{name}":{plain(inner)}' for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(plain(inner) for inner in value) + "]"
    return str(value) if isinstance(value, Number) else f'"{value}"'


def page(*bookings: dict[str, Any], **more: str) -> tuple[int, bytes]:
    return 200, plain({"payload": {"transactions": list(bookings)} | more}).encode()


def listed(amazon: Amazonlike, *bookings: dict[str, Any]) -> tuple[Transaction, ...]:
    amazon.answers["GET", PATH] = page(*bookings)
    return list_transactions(amazon.client(), order_id=ORDER, now=NOW)


def test_a_booking_is_read_to_the_cent(amazon: Amazonlike) -> None:
    (transaction,) = listed(amazon, booking("-12.10", part("Principal", "-12.1")))
    assert transaction.total == Money(-1210, "EUR")
    assert transaction.items[0].breakdowns[0].amount == Money(-1210, "EUR")
    assert transaction.posted_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (transaction.identifier("ORDER_ID"), transaction.identifier("NONE")) == (ORDER, None)
    assert (transaction.items[0].adjustment_id, transaction.items[0].sku) == ("adj-1", "SKU-1")


def test_every_page_is_read_although_some_are_empty(amazon: Amazonlike) -> None:
    amazon.answers["GET", PATH] = [page(nextToken="a"), page(booking("-1", name="x"), nextToken="b"), page()]
    found = list_transactions(amazon.client(), order_id=ORDER, now=NOW)
    assert [each.transaction_id for each in found] == ["x"]
    queries = [asked.query for asked in amazon.calls()]
    assert queries[0] == f"relatedIdentifierName=ORDER_ID&relatedIdentifierValue={ORDER}"
    assert queries[1:] == [queries[0] + "&nextToken=a", queries[0] + "&nextToken=b"]


def test_pages_without_an_end_are_an_error(amazon: Amazonlike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finances, "MAX_PAGES", 3)
    amazon.answers["GET", PATH] = page(nextToken="again")
    with pytest.raises(Unreadable, match="pages"):
        list_transactions(amazon.client(), order_id=ORDER, now=NOW)
    assert len(amazon.calls()) == 3


def test_the_examples_of_amazons_own_model_are_read(amazon: Amazonlike) -> None:
    swagger = model("finances_2024-06-19.json")
    get = swagger["paths"][PATH]["get"]["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    examples = [each["response"]["payload"]["transactions"] for each in get]
    examples.append([swagger["definitions"]["Transaction"]["example"]])
    for bookings in examples:
        amazon.answers["GET", PATH] = (200, {"payload": {"transactions": bookings}})
        found = list_transactions(amazon.client(), order_id=ORDER, now=NOW)
        assert [each.total for each in found] == [Money(1000, "USD")] * len(bookings)
        assert refunds(found) == ()


def test_a_refund_says_what_went_back_by_component(amazon: Amazonlike) -> None:
    found = listed(
        amazon,
        booking(
            "-14.50",
            part("Product Charges", "-12.00", part("Principle", "-12.00")),
            part("Tax", "-1.50", part("ItemTax", "-1.00"), part("Shipping Tax", "-0.50")),
            part("Shipping", "-3.00"),
            part("AmazonFees", "2.00", part("Commission", "2.00")),
        ),
    )
    assert refunds(found, item_ids_by_sku={"SKU-1": "00000000000017"}) == (
        OutsideRefund(
            refund_id="refund-t1",
            posted_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
            currency="EUR",
            lines=(
                ("00000000000017", Component.PRINCIPAL, Money(1200, "EUR")),
                ("00000000000017", Component.TAX, Money(100, "EUR")),
                ("00000000000017", Component.SHIPPING_TAX, Money(50, "EUR")),
                ("00000000000017", Component.SHIPPING, Money(300, "EUR")),
                ("00000000000017", None, Money(-200, "EUR")),
            ),
            total=Money(1650, "EUR"),
        ),
    )
    assert refunds(found)[0].lines[0][0] is None


def test_an_item_id_that_amazon_names_itself_is_taken(amazon: Amazonlike) -> None:
    told = booking("-1", part("Principal", "-1"))
    told["items"][0]["relatedIdentifiers"].append(
        {"itemRelatedIdentifierName": "ORDER_ITEM_ID", "itemRelatedIdentifierValue": "12345678901234"}
    )
    (refund,) = refunds(listed(amazon, told), item_ids_by_sku={"SKU-1": "00000000000017"})
    assert refund.lines == (("12345678901234", Component.PRINCIPAL, Money(100, "EUR")),)


@pytest.mark.parametrize(
    ("changes", "is_refund"),
    [
        ({"description": "Refund Order", "transactionType": "Shipment", "ids": []}, True),
        ({"description": "REFUND", "transactionType": "", "ids": []}, True),
        ({"description": "", "transactionType": "Refund", "ids": []}, True),
        ({"description": "", "transactionType": "", "ids": [("REFUND_ID", "r")]}, True),
        ({"description": "Guarantee claim", "transactionType": "", "ids": []}, True),
        (
            {
                "description": "Order Payment",
                "transactionType": "Shipment",
                "ids": [],
                "totalAmount": sum_json("5"),
            },
            True,
        ),
    ],
)
def test_a_refund_is_known_by_words_id_or_what_it_takes(
    amazon: Amazonlike, changes: dict[str, Any], is_refund: bool
) -> None:
    found = refunds(listed(amazon, booking("-5.00", part("Principal", "-5.00"), **changes)))
    assert bool(found) is is_refund
    assert found[0].total == Money(500, "EUR")


@pytest.mark.parametrize(
    "told",
    [
        booking(
            "5.00", part("Principal", "5.00"), description="Order Payment", transactionType="Shipment", ids=[]
        ),
        booking(
            "-5.00", part("Postage", "-5.00"), description="Shipping label", transactionType="Fee", ids=[]
        ),
        booking("0", description="Refund Order"),
        booking("5.00", part("Principal", "5.00"), description="Refund reversed"),
    ],
)
def test_what_gives_nothing_back_is_no_refund(amazon: Amazonlike, told: dict[str, Any]) -> None:
    assert refunds(listed(amazon, told)) == ()


def test_a_refund_without_parts_counts_with_its_total(amazon: Amazonlike) -> None:
    (refund,) = refunds(listed(amazon, booking("-5.00")))
    assert (refund.lines, refund.total) == ((), Money(500, "EUR"))


def test_a_deferred_refund_counts_once_when_it_is_released(amazon: Amazonlike) -> None:
    parts = part("Principal", "-5.00")
    deferred = booking(
        "-5.00", parts, name="d", transactionStatus="DEFERRED_RELEASED", ids=[("REFUND_ID", "r")]
    )
    released = booking("-5.00", parts, name="e", ids=[("DEFERRED_TRANSACTION_ID", "d")])
    same_id = booking("-5.00", parts, name="f", ids=[("REFUND_ID", "r")])
    assert [refund.total for refund in refunds(listed(amazon, deferred, released))] == [Money(500, "EUR")]
    assert [refund.total for refund in refunds(listed(amazon, deferred, same_id))] == [Money(500, "EUR")]


def test_two_bookings_of_one_refund_are_joined(amazon: Amazonlike) -> None:
    first = booking("-5.00", part("Principal", "-5.00"), name="a", ids=[("REFUND_ID", "r")])
    second = booking("-2.00", part("Shipping", "-2.00"), name="b", ids=[("REFUND_ID", "r")])
    (refund,) = refunds(listed(amazon, first, second))
    assert (refund.total, len(refund.lines)) == (Money(700, "EUR"), 2)


def test_two_equal_refunds_are_two(amazon: Amazonlike) -> None:
    parts = part("Principal", "-5.00")
    assert len(refunds(listed(amazon, booking("-5", parts, name="a"), booking("-5", parts, name="b")))) == 2


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("Principal", Component.PRINCIPAL),
        ("Principle", Component.PRINCIPAL),
        ("OurPricePrincipal", Component.PRINCIPAL),
        ("Product Charges", Component.PRINCIPAL),
        ("TAX", Component.TAX),
        ("shipping_tax", Component.SHIPPING_TAX),
        ("Gift Wrap", Component.GIFT_WRAP),
        ("GiftWrapTax", Component.GIFT_WRAP_TAX),
        ("Commission", None),
        ("", None),
        ("本体価格", None),
    ],
)
def test_free_words_find_their_component(name: str, component: Component | None) -> None:
    assert component_of(name) is component


@pytest.mark.parametrize(
    "told",
    [
        {"totalAmount": {"currencyAmount": "12.10", "currencyCode": 5}},
        {"totalAmount": sum_json("12.105")},
        {"totalAmount": sum_json("1e400")},
        {"items": "none"},
        {"relatedIdentifiers": ["x"]},
        {"postedDate": "soon"},
    ],
)
def test_a_wrong_type_is_a_clear_error(amazon: Amazonlike, told: dict[str, Any]) -> None:
    if told.get("totalAmount", {}).get("currencyCode") == 5:
        told = {"totalAmount": {"currencyAmount": Number("12.10"), "currencyCode": Number("5")}}
    with pytest.raises(Unreadable) as caught:
        listed(amazon, booking("-1.00") | told)
    assert caught.value.operation == "listTransactions"


def test_parts_without_a_bottom_are_an_error(amazon: Amazonlike) -> None:
    deep = part("Principal", "-1")
    for _ in range(20):
        deep = part("Sales", "-1", deep)
    with pytest.raises(Unreadable, match="deep"):
        listed(amazon, booking("-1.00", deep))
