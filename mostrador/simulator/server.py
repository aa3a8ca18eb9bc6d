"""The server: its routes, its start and stop, as a program, a child process or a thread."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

from aiohttp import web

from mostrador.simulator import feeds, finances, lwa, notifications, orders, participations
from mostrador.simulator.answers import not_found
from mostrador.simulator.control import add_control_routes
from mostrador.simulator.credentials import write_credentials
from mostrador.simulator.documents import download, upload
from mostrador.simulator.feed_queue import FeedQueues
from mostrador.simulator.gate import WORLD, CallAnswer, guarded, unguarded
from mostrador.simulator.notifier import Notifier
from mostrador.simulator.relay import deliver_all, serve_relay
from mostrador.simulator.settings import Settings
from mostrador.simulator.shop import Shop, add_archive, read_shop
from mostrador.simulator.store import Json
from mostrador.simulator.world import World, fill, open_world

HOST = "127.0.0.1"
MAX_UPLOAD = 32 * 1024 * 1024
READY = re.compile(r"simulator ready on (http://127\.0\.0\.1:\d+) smtp (\d+)")
START_TIMEOUT = 20.0

OPERATIONS: tuple[tuple[str, str, str, CallAnswer], ...] = (
    ("searchOrders", "GET", "/orders/2026-01-01/orders", orders.search_orders),
    ("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", orders.get_order),
    ("createFeedDocument", "POST", "/feeds/2021-06-30/documents", feeds.create_feed_document),
    ("getFeedDocument", "GET", "/feeds/2021-06-30/documents/{feedDocumentId}", feeds.get_feed_document),
    ("createFeed", "POST", "/feeds/2021-06-30/feeds", feeds.create_feed),
    ("getFeeds", "GET", "/feeds/2021-06-30/feeds", feeds.get_feeds),
    ("getFeed", "GET", "/feeds/2021-06-30/feeds/{feedId}", feeds.get_feed),
    ("cancelFeed", "DELETE", "/feeds/2021-06-30/feeds/{feedId}", feeds.cancel_feed),
    ("listTransactions", "GET", "/finances/2024-06-19/transactions", finances.list_transactions),
    ("getDestinations", "GET", "/notifications/v1/destinations", notifications.get_destinations),
    ("createDestination", "POST", "/notifications/v1/destinations", notifications.create_destination),
    (
        "getDestination",
        "GET",
        "/notifications/v1/destinations/{destinationId}",
        notifications.get_destination,
    ),
    (
        "getSubscription",
        "GET",
        "/notifications/v1/subscriptions/{notificationType}",
        notifications.get_subscription,
    ),
    (
        "createSubscription",
        "POST",
        "/notifications/v1/subscriptions/{notificationType}",
        notifications.create_subscription,
    ),
    (
        "deleteSubscriptionById",
        "DELETE",
        "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}",
        notifications.delete_subscription,
    ),
    (
        "getMarketplaceParticipations",
        "GET",
        "/sellers/v1/marketplaceParticipations",
        participations.get_marketplace_participations,
    ),
)


def make_app(world: World) -> web.Application:
    """Return the HTTP application of a world."""
    app = web.Application(client_max_size=MAX_UPLOAD)
    app[WORLD] = world
    for operation, method, path, answer in OPERATIONS:
        app.router.add_route(method, path, guarded(operation, answer))
    app.router.add_post("/auth/o2/token", unguarded("token", lwa.token))
    app.router.add_put("/documents/{documentId}", unguarded("uploadDocument", upload))
    app.router.add_get("/documents/{documentId}", unguarded("downloadDocument", download), allow_head=False)
    if world.settings.control:
        add_control_routes(app)
    app.router.add_route("*", "/{path:.*}", unguarded("unknown", _unknown))
    queues = FeedQueues(world)
    world.feed_arrived = queues.arrived
    notifier = Notifier(world)
    world.feed_ended, world.order_changed = notifier.feed_ended, notifier.order_changed
    world.put_notice = notifier.put

    async def run_queues(_: web.Application) -> AsyncIterator[None]:
        queues.start()
        yield
        await queues.stop()
        await notifier.stop()

    app.cleanup_ctx.append(run_queues)
    return app


async def _unknown(world: World, request: web.Request) -> web.Response:
    del world
    raise not_found(f"resource {request.path}")


def prepare(settings: Settings) -> World:
    """Return the world to serve: that of the state folder, or a new one filled with the sample shop."""
    if settings.state is not None:
        settings.state.mkdir(parents=True, exist_ok=True)
    world = open_world(settings)
    if not world.sellers:
        now = world.clock.now()
        sample = read_shop("nordlicht", now)
        shop = sample if settings.shop == "nordlicht" else Shop(sellers=sample.sellers)
        if settings.archive is not None:
            add_archive(shop, settings.archive, now)
        fill(world, shop)
    deliver_all(world)
    if settings.state is not None:
        write_credentials(world, settings.state)
    return world


@dataclass(frozen=True)
class Addresses:
    """Where a simulator listens."""

    url: str
    smtp_port: int


async def serve(settings: Settings, *, told: asyncio.Event, announce: Callable[[Addresses], None]) -> None:
    """Serve until told to stop; announce the addresses once ready."""
    world = prepare(settings)
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, HOST, settings.port).start()
    relay = await serve_relay(world, settings.smtp_port)
    try:
        port, smtp_port = runner.addresses[0][1], relay.sockets[0].getsockname()[1]
        announce(Addresses(f"http://{HOST}:{port}", smtp_port))
        await told.wait()
    finally:
        relay.close()
        await runner.cleanup()
        world.commit()
        world.store.close()


async def serve_as_process(settings: Settings) -> None:
    """Serve until the process is told to stop; print one line once ready."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await serve(settings, told=told, announce=_print_addresses)


def _print_addresses(addresses: Addresses) -> None:
    sys.stdout.write(f"simulator ready on {addresses.url} smtp {addresses.smtp_port}\n")
    sys.stdout.flush()


@dataclass
class Simulator:
    """A running simulator. Use it as a context manager, or call `stop`."""

    url: str
    smtp_port: int
    state: Path
    end: Callable[[], None]
    child: subprocess.Popen[str] | None = None
    scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def sellers(self) -> list[Json]:
        """The sellers with their credentials."""
        content: Json = json.loads((self.state / "credentials.json").read_text("utf-8"))
        sellers: list[Json] = content["sellers"]
        return sellers

    def seller(self, region: str) -> Json:
        """Return the seller of a region: na, eu or fe."""
        return next(seller for seller in self.sellers if seller["region"] == region)

    def stop(self) -> None:
        """End it, and remove a state folder that was made for it."""
        self.end()
        if self.scratch is not None:
            self.scratch.cleanup()

    def kill(self) -> None:
        """End its process without warning; the state folder stays."""
        assert self.child is not None, "a simulator in a thread cannot be killed"
        self.child.kill()
        self.child.wait(timeout=START_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(*arguments: str, state: Path | None = None, control: bool = True) -> Simulator:
    """Start a simulator as a child process and return once it is ready, in about half a second.

    `arguments` are those of the command line. Without `state` it works in a folder that `stop` removes, with
    the Maildirs in it.

    Raises: RuntimeError when it does not become ready.
    """
    scratch, folder = _state_folder(state)
    command = [sys.executable, "-m", "mostrador.simulator", "--state", str(folder), *arguments]
    if "--maildir" not in arguments:
        command += ["--maildir", str(folder / "mail")]
    if control:
        command.append("--control")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own program
    assert child.stdout is not None
    ready = READY.search(child.stdout.readline())
    if ready is None:
        _end_child(child)
        if scratch is not None:
            scratch.cleanup()
        raise RuntimeError("the simulator did not become ready")
    return Simulator(ready[1], int(ready[2]), folder, partial(_end_child, child), child, scratch)


def start_in_thread(settings: Settings | None = None) -> Simulator:
    """Start a simulator in a thread of this process and return once it is ready, in a few milliseconds.

    Without settings, or where they name no folders, it works in a folder that `stop` removes; feeds are quick
    and the control endpoint is on by default.

    Raises: RuntimeError when it does not become ready.
    """
    chosen = settings or Settings(processing=(0.02, 0.04), control=True)
    scratch, folder = _state_folder(chosen.state)
    chosen = replace(chosen, state=folder, maildir=chosen.maildir or folder / "mail")
    ready: queue.SimpleQueue[tuple[Addresses, Callable[[], None]] | None] = queue.SimpleQueue()
    thread = threading.Thread(target=_run_in_thread, args=(chosen, ready), daemon=True)
    thread.start()
    started = ready.get(timeout=START_TIMEOUT)
    if started is None:
        raise RuntimeError("the simulator did not become ready")
    addresses, tell = started

    def end() -> None:
        tell()
        thread.join(timeout=START_TIMEOUT)

    return Simulator(addresses.url, addresses.smtp_port, folder, end, scratch=scratch)


def _run_in_thread(
    settings: Settings, ready: queue.SimpleQueue[tuple[Addresses, Callable[[], None]] | None]
) -> None:
    async def run() -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # told twice: the loop is closed
                loop.call_soon_threadsafe(told.set)

        await serve(settings, told=told, announce=lambda addresses: ready.put((addresses, tell)))

    try:
        asyncio.run(run())
    finally:
        ready.put(None)


def _state_folder(state: Path | None) -> tuple[tempfile.TemporaryDirectory[str] | None, Path]:
    if state is not None:
        return None, state
    scratch = tempfile.TemporaryDirectory(prefix="simulator-")
    return scratch, Path(scratch.name)


def _end_child(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
    child.wait(timeout=START_TIMEOUT)
    if child.stdout is not None:
        child.stdout.close()
