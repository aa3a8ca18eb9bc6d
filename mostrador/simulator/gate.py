"""The gate every request passes: log, misfortunes, access token, User-Agent, usage plan, headers."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from mostrador.simulator.answers import Refused, error_response, invalid
from mostrador.simulator.faults import Action, Fault
from mostrador.simulator.lwa import caller
from mostrador.simulator.quotas import USAGE_PLANS
from mostrador.simulator.shop import Seller
from mostrador.simulator.world import LogEntry, World

WORLD = web.AppKey("world", World)
MAX_USER_AGENT = 500
# Called in the name of the application, not of a seller.
GRANTLESS = frozenset({"getDestinations", "createDestination", "getDestination", "deleteSubscriptionById"})
ERROR_CODES = {
    400: "InvalidInput",
    401: "Unauthorized",
    403: "Unauthorized",
    404: "NotFound",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "QuotaExceeded",
    503: "ServiceUnavailable",
}
GARBAGE = "<<<not what you hoped for\x00{"


@dataclass(frozen=True)
class Call:
    """A request that passed the gate."""

    world: World
    seller: Seller
    request: web.Request
    entry: LogEntry


CallAnswer = Callable[[Call], Awaitable[web.Response]]
OpenAnswer = Callable[[World, web.Request], Awaitable[web.Response]]
RouteAnswer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(operation: str, answer: CallAnswer) -> RouteAnswer:
    """Return the route of an SP-API operation: with access token and usage plan."""
    grantless = operation in GRANTLESS

    async def checked(world: World, request: web.Request, entry: LogEntry) -> web.Response:
        seller = caller(world, request, grantless=grantless)
        entry.seller_id = seller.seller_id
        _check_user_agent(request)
        if not world.buckets.take(seller.seller_id, seller.client_id, operation, world.clock.now()):
            raise Refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        return await answer(Call(world, seller, request, entry))

    return _with_misfortunes(operation, checked)


def unguarded(operation: str, answer: OpenAnswer) -> RouteAnswer:
    """Return the route of a request that carries no access token."""

    async def direct(world: World, request: web.Request, entry: LogEntry) -> web.Response:
        del entry
        return await answer(world, request)

    return _with_misfortunes(operation, direct)


def _check_user_agent(request: web.Request) -> None:
    agent = request.headers.get("User-Agent", "")
    if not agent:
        raise invalid("The User-Agent header is missing.")
    if len(agent) > MAX_USER_AGENT:
        raise invalid("The User-Agent header is longer than 500 characters.")


def _with_misfortunes(
    operation: str, answer: Callable[[World, web.Request, LogEntry], Awaitable[web.Response]]
) -> RouteAnswer:
    async def route(request: web.Request) -> web.StreamResponse:
        world = request.app[WORLD]
        entry = _arrival(world, operation, request)
        fault = world.faults.take_for_request(operation, _seller_of(world, request))
        if fault:
            entry.fault = fault.action.value
        early = await _before(fault, request)
        response = early if early is not None else await _answered(answer, world, request, entry)
        return await _after(fault, request, response, entry)

    return route


def _arrival(world: World, operation: str, request: web.Request) -> LogEntry:
    entry = LogEntry(
        operation=operation,
        method=request.method,
        path=request.path,
        at=world.clock.now(),
        wall=time.time(),
        request_id=str(uuid.uuid4()),
        with_access_token="x-amz-access-token" in request.headers,
    )
    world.log.append(entry)
    return entry


def _seller_of(world: World, request: web.Request) -> str:
    try:
        return caller(world, request).seller_id
    except Refused:
        return ""


async def _answered(
    answer: Callable[[World, web.Request, LogEntry], Awaitable[web.Response]],
    world: World,
    request: web.Request,
    entry: LogEntry,
) -> web.Response:
    try:
        response = await answer(world, request, entry)
    except Refused as refusal:
        response = error_response(refusal)
    # Amazon sends the rate only on some answers, never with a 403 or 429.
    is_named = entry.operation in USAGE_PLANS and response.status not in (403, 429)
    if is_named and world.settings.assumptions["rate-header"] == "yes":
        response.headers["x-amzn-RateLimit-Limit"] = f"{world.buckets.rate(entry.operation)}"
    response.headers["Date"] = formatdate(world.clock.dated(), usegmt=True)
    return response


async def _before(fault: Fault | None, request: web.Request) -> web.Response | None:
    """Suffer what happens before the simulator acts; a response means that it never acts."""
    match fault.action if fault else None:
        case Action.DELAY:
            assert fault is not None
            await asyncio.sleep(fault.seconds)
        case Action.DROP_BEFORE:
            return _hang_up(request)
        case Action.STATUS:
            assert fault is not None
            if fault.body is not None:
                return web.Response(text=fault.body, status=fault.status, content_type="text/html")
            code = ERROR_CODES.get(fault.status, "InternalFailure")
            return error_response(Refused(fault.status, code, "We encountered a problem on our side."))
    return None


async def _after(
    fault: Fault | None, request: web.Request, response: web.Response, entry: LogEntry
) -> web.StreamResponse:
    """Answer, or fail to answer, after the simulator has acted."""
    response.headers["x-amzn-RequestId"] = entry.request_id
    action = fault.action if fault else None
    if action is Action.DROP_AFTER:
        return _hang_up(request)
    if action is Action.DROP_BEFORE:
        return response
    entry.status = response.status
    if action is Action.TRUNCATE:
        return await _half(request, response)
    if action is Action.GARBAGE:
        return web.Response(text=GARBAGE, status=response.status, content_type="application/json")
    return response


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, response: web.Response) -> web.StreamResponse:
    body = response.body if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    stream.content_length = max(len(body), 2)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2] or b"{")
    if request.transport is not None:
        request.transport.close()
    return stream
