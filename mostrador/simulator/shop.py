"""Sample shops: JSON files with times relative to now, read into sellers, orders and buyers' letters."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

from mostrador.simulator.book import Component, Item, Order, Package, Status
from mostrador.simulator.clock import parse_iso
from mostrador.simulator.marketplaces import BY_COUNTRY, Marketplace
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.store import Json

SHOPS = Path(__file__).parent / "shops"
DAY = 86400.0
_RELATIVE = re.compile(r"^([+-])((?:\d+[dhms])+)$")
_SECONDS = {"d": DAY, "h": 3600.0, "m": 60.0, "s": 1.0}


class ShopError(ValueError):
    """A shop file, or an order sent to the control endpoint, that cannot be read."""


@dataclass
class Seller:
    """A selling partner with the credentials of its own private application."""

    name: str
    seller_id: str
    region: str
    marketplaces: list[str]
    mailbox_address: str
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    tokens_valid_from: float = 0.0
    revoked: bool = False

    def with_new_credentials(self) -> Seller:
        """Return the seller with fresh credentials, shaped like Amazon's."""
        return Seller(
            **{
                **asdict(self),
                "client_id": f"amzn1.application-oa2-client.{secrets.token_hex(16)}",
                "client_secret": f"amzn1.oa2-cs.v1.{secrets.token_hex(32)}",
                "refresh_token": f"Atzr|{secrets.token_urlsafe(48)}",
            }
        )


@dataclass
class Letter:
    """What a buyer writes, before it becomes an e-mail."""

    key: str
    seller_id: str
    country: str
    buyer_name: str
    buyer_alias: str
    buyer_tag: str
    order_id: str
    at: float
    topic: str
    text: str
    form: str = "text"
    photo: bool = False


@dataclass
class Shop:
    """Everything a shop file says."""

    sellers: list[Seller] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    refunds: list[tuple[str, Json]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


def moment(text: str, now: float) -> float:
    """Return the time meant by "-2d3h", "+45m", "now" or an ISO time.

    Raises: ShopError when it is none of these.
    """
    if text == "now":
        return now
    relative = _RELATIVE.match(text)
    if relative:
        seconds = sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([dhms])", relative[2]))
        return now + (seconds if relative[1] == "+" else -seconds)
    try:
        return parse_iso(text)
    except ValueError:
        raise ShopError(f"not a time: {text!r}") from None


def read_shop(name: str, now: float) -> Shop:
    """Return a sample shop by name; its orders have times around `now`."""
    folder = SHOPS / name
    if not (folder / "sellers.json").is_file():
        raise ShopError(f"there is no shop called {name!r}")
    shop = Shop(sellers=[Seller(**body) for body in _read(folder / "sellers.json")["sellers"]])
    for path in sorted(folder.glob("orders-*.json")):
        _add_file(shop, _read(path), now)
    return shop


def add_archive(shop: Shop, path: Path, now: float) -> None:
    """Add the orders of a file that holds {"shops": [what an orders file of a sample shop holds]}."""
    for body in _read(path)["shops"]:
        _add_file(shop, body, now)


def _read(path: Path) -> Json:
    body: Json = json.loads(path.read_text("utf-8"))
    return body


def _add_file(shop: Shop, body: Json, now: float) -> None:
    place = BY_COUNTRY[body["marketplace"]]
    seller = next(seller for seller in shop.sellers if place.id in seller.marketplaces)
    for order_body in body["orders"]:
        order = read_order(order_body, seller, place, now)
        shop.orders.append(order)
        shop.refunds += [(order.order_id, refund) for refund in order_body.get("refunds", [])]
        for number, letter in enumerate(order_body.get("letters", []), 1):
            shop.letters.append(read_letter(letter, order, now, f"{order.order_id}#{number}"))
    for number, letter in enumerate(body.get("questions", []), 1):
        shop.letters.append(_question(letter, seller, place, now, f"{place.country}#{number}"))


def read_order(body: Json, seller: Seller, place: Marketplace, now: float) -> Order:
    """Return the order a shop file or the control endpoint describes.

    Raises: ShopError when something needed is missing or wrong.
    """
    try:
        return _order(body, seller, place, now)
    except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
        raise ShopError(f"order {body.get('order_id')!r}: {problem!r}") from problem


def _order(body: Json, seller: Seller, place: Marketplace, now: float) -> Order:
    created = moment(body.get("created", "now"), now)
    buyer = body["buyer"]
    status = Status(body.get("status", "UNSHIPPED"))
    items = [_item(item, place, status) for item in body["items"]]
    return Order(
        order_id=body["order_id"],
        seller_id=seller.seller_id,
        marketplace_id=place.id,
        created=created,
        updated=moment(body["updated"], now) if "updated" in body else created + 1800,
        status=status,
        fulfilled_by=body.get("fulfilled_by", "MERCHANT"),
        shipping_speed=body.get("shipping_speed", "STANDARD"),
        ship_by=_window(body.get("ship_by"), now, [created, created + 2 * DAY]),
        deliver_by=_window(body.get("deliver_by"), now, [created + 4 * DAY, created + 6 * DAY]),
        buyer_name=buyer["name"],
        buyer_alias=buyer.get("alias") or digest_word(f"{seller.seller_id} {buyer['name']}", 15),
        buyer_tag=digest_word(f"tag {buyer['name']}", 21).upper() if buyer.get("tagged") else "",
        address=body["address"],
        items=items,
        packages=[_package(p, items, now, n) for n, p in enumerate(body.get("packages", []), 1)],
        programs=list(body.get("programs", [])),
        replacement_of=body.get("replacement_of", ""),
        seller_order_id=body.get("seller_order_id", ""),
        buyer_company=buyer.get("company", ""),
    )


def _window(texts: list[str] | None, now: float, otherwise: list[float]) -> list[float]:
    return [moment(text, now) for text in texts] if texts else otherwise


_PRICE_KEYS = {
    "shipping": Component.SHIPPING,
    "tax": Component.TAX,
    "shipping_tax": Component.SHIPPING_TAX,
    "gift_wrap": Component.GIFT_WRAP,
    "gift_wrap_tax": Component.GIFT_WRAP_TAX,
}


def _item(body: Json, place: Marketplace, status: Status) -> Item:
    quantity = int(body.get("quantity", 1))
    principal = Decimal(body["unit_price"]) * quantity
    paid = {Component.PRINCIPAL.value: str(principal.quantize(place.unit))}
    paid |= {component.value: body[key] for key, component in _PRICE_KEYS.items() if key in body}
    if not re.fullmatch(r"\d{14}", body["order_item_id"]):
        raise ShopError(f"an order item id has 14 digits: {body['order_item_id']!r}")
    return Item(
        order_item_id=body["order_item_id"],
        asin=body["asin"],
        sku=body["sku"],
        title=body["title"],
        quantity=quantity,
        unit_price=body["unit_price"],
        paid=paid,
        discount=dict(body.get("discount", {})),
        promotion_id=body.get("promotion_id", ""),
        shipped=int(body.get("shipped", quantity if status is Status.SHIPPED else 0)),
        gift_message=body.get("gift_message", ""),
        gift_level=body.get("gift_level", ""),
        cancel_request=body.get("cancel_request", ""),
        cancelled_by=body.get("cancelled_by", ""),
        cancel_reason=body.get("cancel_reason", ""),
        programs=list(body.get("programs", [])),
    )


def _package(body: Json, items: list[Item], now: float, number: int) -> Package:
    quantities = body.get("quantities") or {
        item.order_item_id: item.shipped for item in items if item.shipped
    }
    return Package(
        reference=str(number),
        carrier=body["carrier"],
        tracking=body["tracking"],
        shipping_option=body.get("shipping_option", "Standard"),
        status=body.get("status", "IN_TRANSIT"),
        shipped_at=moment(body["shipped"], now),
        delivered_at=moment(body["delivered"], now) if "delivered" in body else 0.0,
        quantities=quantities,
    )


def read_letter(body: Json, order: Order, now: float, key: str) -> Letter:
    """Return a buyer's letter about an order."""
    return Letter(
        key=key,
        seller_id=order.seller_id,
        country=order.marketplace.country,
        buyer_name=order.buyer_name,
        buyer_alias=order.buyer_alias,
        buyer_tag=order.buyer_tag,
        order_id=order.order_id,
        at=moment(body["at"], now),
        topic=body.get("topic", ""),
        text=body["text"],
        form=body.get("form", "text"),
        photo=bool(body.get("photo")),
    )


def _question(body: Json, seller: Seller, place: Marketplace, now: float, key: str) -> Letter:
    return Letter(
        key=key,
        seller_id=seller.seller_id,
        country=place.country,
        buyer_name=body["buyer"],
        buyer_alias=digest_word(f"{seller.seller_id} {body['buyer']}", 15),
        buyer_tag="",
        order_id="",
        at=moment(body["at"], now),
        topic=body.get("topic", ""),
        text=body["text"],
        form=body.get("form", "text"),
    )
