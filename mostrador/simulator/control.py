"""The control endpoint, off unless asked for: ledger, log, clock, misfortunes."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from email.message import MIMEPart
from typing import Any

from aiohttp import web

from mostrador.simulator.answers import Refused, error_response, invalid, json_response, unauthorized
from mostrador.simulator.book import Order
from mostrador.simulator.clock import iso
from mostrador.simulator.control_orders import add_order, change_order, json_body, ledger_of
from mostrador.simulator.faults import Fault
from mostrador.simulator.gate import WORLD
from mostrador.simulator.letters import FORMS
from mostrador.simulator.marketplaces import BY_ID
from mostrador.simulator.quotas import USAGE_PLANS
from mostrador.simulator.relay import deliver, deliver_raw, maildir_of
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.settings import ASSUMPTIONS
from mostrador.simulator.shop import Letter, ShopError, moment
from mostrador.simulator.store import Json
from mostrador.simulator.world import RelayedMail, World

ControlAnswer = Callable[[World, web.Request], Awaitable[Json]]


def controlled(answer: ControlAnswer) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the route of a control request: JSON out, a refusal as a JSON error."""

    async def route(request: web.Request) -> web.Response:
        # A page in a browser on this machine must not be able to steer it, by a form or a rebound name.
        if "Origin" in request.headers or request.url.host not in ("127.0.0.1", "localhost"):
            return error_response(unauthorized("The control endpoint is not for browsers."))
        try:
            return json_response(await answer(request.app[WORLD], request))
        except Refused as refusal:
            return error_response(refusal)
        except (ShopError, KeyError, TypeError, ValueError, ArithmeticError) as problem:
            return error_response(invalid("The control request makes no sense.", repr(problem)))

    return route


async def ledger(world: World, request: web.Request) -> Json:
    """Answer GET /control/ledger: what was paid, given back and is left, per order, line and component."""
    wanted = request.query.get("order_id")
    orders = [order for order in world.orders.values() if wanted in (None, order.order_id)]
    return {"now": world.clock.now(), "orders": {order.order_id: ledger_of(world, order) for order in orders}}


async def requests(world: World, request: web.Request) -> Json:
    """Answer GET /control/requests: what arrived, oldest first; ?operation= and ?since_wall= filter."""
    operation = request.query.get("operation")
    since = float(request.query.get("since_wall", "0"))
    found = [e for e in world.log if operation in (None, e.operation) and e.wall >= since]
    return {"requests": [asdict(entry) for entry in found]}


async def mails(world: World, request: web.Request) -> Json:
    """Answer GET /control/mails: what the relay accepted; ?recipient= filters by address or alias."""
    wanted = request.query.get("recipient", "")
    found = [mail for mail in world.mails if mail.recipient.startswith(wanted)]
    return {"mails": [_mail_json(mail) for mail in found]}


def _mail_json(mail: RelayedMail) -> Json:
    content = mail.raw.encode("latin-1")
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    part = parsed.get_body(("plain", "html"))
    return {
        "seller_id": mail.seller_id,
        "sender": mail.sender,
        "recipient": mail.recipient,
        "at": iso(mail.at),
        "subject": str(parsed["Subject"] or ""),
        "headers": [[name, str(value)] for name, value in parsed.items()],
        "text": _decoded(part),
        "raw": content.decode("utf-8", "replace"),
    }


def _decoded(part: MIMEPart | None) -> str:
    """Return the words of a body, readable whatever charset it claims."""
    content = part.get_payload(decode=True) if part is not None else None
    if part is None or not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


async def add_fault(world: World, request: web.Request) -> Json:
    """Answer POST /control/faults."""
    return world.faults.add(Fault.from_json(await json_body(request))).to_json()


async def list_faults(world: World, request: web.Request) -> Json:
    """Answer GET /control/faults."""
    del request
    return {"faults": [rule.to_json() for rule in world.faults.rules]}


async def clear_faults(world: World, request: web.Request) -> Json:
    """Answer DELETE /control/faults."""
    del request
    world.faults.clear()
    return {"faults": []}


async def clock(world: World, request: web.Request) -> Json:
    """Answer GET and POST /control/clock; POST {"advance": seconds, "dated": bool} moves it forward."""
    if request.method == "POST":
        body = await json_body(request)
        world.clock.advance(float(body["advance"]), dated=bool(body.get("dated", True)))
        world.commit()
    return {"now": world.clock.now(), "iso": iso(world.clock.now())}


async def assume(world: World, request: web.Request) -> Json:
    """Answer POST /control/assumptions: change how an unconfirmed question is answered."""
    for name, value in (await json_body(request)).items():
        if value not in ASSUMPTIONS[name]:
            raise invalid(f"{name} is one of {', '.join(ASSUMPTIONS[name])}.")
        world.settings.assumptions[name] = value
    return dict(world.settings.assumptions)


async def rates(world: World, request: web.Request) -> Json:
    """Answer GET and POST /control/rates; POST {"createFeed": 0.05} changes a usage plan from now on."""
    if request.method == "POST":
        for operation, rate in (await json_body(request)).items():
            if not 0 < float(rate) < 1_000_000:
                raise invalid("A rate is a number of calls a second above zero.")
            world.buckets.adjust(_planned(operation), float(rate), world.clock.now())
    return {operation: world.buckets.rate(operation) for operation in USAGE_PLANS}


def _planned(operation: str) -> str:
    if operation not in USAGE_PLANS:
        raise invalid(f"An operation is one of {', '.join(USAGE_PLANS)}.")
    return operation


async def write_mail(world: World, request: web.Request) -> Json:
    """Answer POST /control/mail: a buyer writes to the seller."""
    body = await json_body(request)
    order = world.orders[body["order_id"]] if body.get("order_id") else None
    seller_id = order.seller_id if order else body["seller_id"]
    folder = maildir_of(world, world.sellers[seller_id])
    if folder is None:
        raise invalid("The simulator runs without a maildir.")
    if "raw" in body:
        deliver_raw(folder, body["raw"].encode("utf-8", "surrogateescape"))
        return {"delivered": True}
    letter = _letter(world, seller_id, order, body)
    world.letters[letter.key] = letter
    world.keep("letter", letter.key, letter)
    return {"delivered": deliver(world, letter), "key": letter.key, "alias": letter.buyer_alias}


def _letter(world: World, seller_id: str, order: Order | None, body: Json) -> Letter:
    form = "html_only" if body.get("html") else body.get("form", "text")
    if form not in FORMS:
        raise invalid(f"form is one of {', '.join(FORMS)}.")
    country = order.marketplace.country if order else body.get("marketplace", "")
    name = order.buyer_name if order else body["buyer"]
    return Letter(
        key=f"control-{len(world.letters) + 1}-{world.new_number(6)}",
        seller_id=seller_id,
        country=country or BY_ID[world.sellers[seller_id].marketplaces[0]].country,
        buyer_name=name,
        buyer_alias=order.buyer_alias if order else digest_word(f"{seller_id} {name}", 15),
        buyer_tag=order.buyer_tag if order else "",
        order_id=order.order_id if order else "",
        at=moment(body.get("at", "now"), world.clock.now()),
        topic=body.get("topic", ""),
        text=body.get("html") or body["text"],
        form=form,
        photo=bool(body.get("photo")),
    )


async def notifications(world: World, request: web.Request) -> Json:
    """Answer GET and POST /control/notifications: what was sent; POST {"text"} sends a message as it is."""
    if request.method == "POST":
        world.put_notice(str((await json_body(request))["text"]))
    return {"notifications": [_notice_json(text) for text in world.notices]}


def _notice_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


async def revoke(world: World, request: web.Request) -> Json:
    """Answer POST /control/tokens/revoke: {"seller_id"?, "refresh_token"?: bool}; effective at once."""
    body = await json_body(request)
    for seller in world.sellers.values():
        if body.get("seller_id") in (None, seller.seller_id):
            seller.tokens_valid_from = world.clock.now()
            seller.revoked = bool(body.get("refresh_token", False))
            world.keep("seller", seller.seller_id, seller)
    world.commit()
    return {"revoked": True}


def add_control_routes(app: web.Application) -> None:
    """Add every control route to the server."""
    routes: list[tuple[str, str, ControlAnswer]] = [
        ("GET", "/control/ledger", ledger),
        ("GET", "/control/requests", requests),
        ("GET", "/control/mails", mails),
        ("GET", "/control/faults", list_faults),
        ("POST", "/control/faults", add_fault),
        ("DELETE", "/control/faults", clear_faults),
        ("GET", "/control/clock", clock),
        ("POST", "/control/clock", clock),
        ("POST", "/control/assumptions", assume),
        ("GET", "/control/rates", rates),
        ("POST", "/control/rates", rates),
        ("POST", "/control/mail", write_mail),
        ("GET", "/control/notifications", notifications),
        ("POST", "/control/notifications", notifications),
        ("POST", "/control/orders", add_order),
        ("PATCH", "/control/orders/{orderId}", change_order),
        ("POST", "/control/tokens/revoke", revoke),
    ]
    for method, path, answer in routes:
        app.router.add_route(method, path, controlled(answer))
