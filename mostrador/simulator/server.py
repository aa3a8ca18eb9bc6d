"""The server: routes, start and stop in one event loop, and `start()` which runs it as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiohttp import web

from mostrador.simulator import feeds, finances, lwa, orders, participations
from mostrador.simulator.answers import not_found
from mostrador.simulator.control import add_control_routes
from mostrador.simulator.credentials import write_credentials
from mostrador.simulator.documents import download, upload
from mostrador.simulator.feed_queue import FeedQueues
from mostrador.simulator.gate import WORLD, CallHandler, guarded, unguarded
from mostrador.simulator.relay import deliver_all, serve_relay
from mostrador.simulator.settings import Settings
from mostrador.simulator.shop import Shop, read_shop
from mostrador.simulator.store import Json
from mostrador.simulator.world import World, fill, open_world

HOST = "127.0.0.1"
MAX_UPLOAD = 32 * 1024 * 1024
READY = re.compile(r"simulator ready on (http://127\.0\.0\.1:\d+) smtp (\d+)")
START_TIMEOUT = 20.0

OPERATIONS: tuple[tuple[str, str, str, CallHandler], ...] = (
    ("searchOrders", "GET", "/orders/2026-01-01/orders", orders.search_orders),
    ("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", orders.get_order),
    ("createFeedDocument", "POST", "/feeds/2021-06-30/documents", feeds.create_feed_document),
    ("getFeedDocument", "GET", "/feeds/2021-06-30/documents/{feedDocumentId}", feeds.get_feed_document),
    ("createFeed", "POST", "/feeds/2021-06-30/feeds", feeds.create_feed),
    ("getFeeds", "GET", "/feeds/2021-06-30/feeds", feeds.get_feeds),
    ("getFeed", "GET", "/feeds/2021-06-30/feeds/{feedId}", feeds.get_feed),
    ("cancelFeed", "DELETE", "/feeds/2021-06-30/feeds/{feedId}", feeds.cancel_feed),
    ("listTransactions", "GET", "/finances/2024-06-19/transactions", finances.list_transactions),
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

    async def run_queues(_: web.Application) -> AsyncIterator[None]:
        queues.start()
        yield
        await queues.stop()

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
        fill(world, sample if settings.shop == "nordlicht" else Shop(sellers=sample.sellers))
        for letter in world.letters.values():
            world.keep("letter", letter.key, letter)
        world.commit()
    deliver_all(world)
    if settings.state is not None:
        write_credentials(world, settings.state)
    return world


async def serve(settings: Settings) -> None:
    """Serve until the process is told to stop; announce the addresses once ready."""
    world = prepare(settings)
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, HOST, settings.port)
    await site.start()
    relay = await serve_relay(world, settings.smtp_port)
    told = _told_to_stop()
    port, smtp_port = runner.addresses[0][1], relay.sockets[0].getsockname()[1]
    sys.stdout.write(f"simulator ready on http://{HOST}:{port} smtp {smtp_port}\n")
    sys.stdout.flush()
    try:
        await told.wait()
    finally:
        relay.close()
        await runner.cleanup()
        world.commit()
        world.store.close()


def _told_to_stop() -> asyncio.Event:
    """Return an event that is set when the process is told to stop."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    return told


@dataclass
class Simulator:
    """A simulator that runs as a child process. Use it as a context manager, or call `stop`."""

    url: str
    smtp_port: int
    state: Path
    child: subprocess.Popen[str]
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
        """End the process and remove a state folder that `start` made."""
        if self.child.poll() is None:
            self.child.terminate()
        self.child.wait(timeout=START_TIMEOUT)
        if self.child.stdout is not None:
            self.child.stdout.close()
        if self.scratch is not None:
            self.scratch.cleanup()

    def kill(self) -> None:
        """End the process without warning; its state folder stays."""
        self.child.kill()
        self.child.wait(timeout=START_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(*arguments: str, state: Path | None = None, control: bool = True) -> Simulator:
    """Start a simulator as a child process and return once it is ready.

    `arguments` are those of the command line. Without `state` it works in a folder that `stop` removes, with
    the Maildirs in it.

    Raises: RuntimeError when it does not become ready.
    """
    scratch = tempfile.TemporaryDirectory(prefix="simulator-") if state is None else None
    folder = Path(scratch.name) if scratch is not None else state
    assert folder is not None
    command = [sys.executable, "-m", "mostrador.simulator", "--state", str(folder), *arguments]
    if "--maildir" not in arguments:
        command += ["--maildir", str(folder / "mail")]
    if control:
        command.append("--control")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own program
    assert child.stdout is not None
    ready = READY.search(child.stdout.readline())
    if ready is None:
        child.kill()
        child.wait()
        child.stdout.close()
        with contextlib.suppress(AttributeError):
            scratch.cleanup()  # type: ignore[union-attr]  # suppressed
        raise RuntimeError("the simulator did not become ready")
    return Simulator(ready[1], int(ready[2]), folder, child, scratch)
