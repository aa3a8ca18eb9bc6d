"""The life of a feed: it waits behind those of its type and seller, is worked on, and ends with a report."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable

from lxml import etree

from mostrador.simulator.acknowledgements import acknowledge
from mostrador.simulator.adjustments import INCOMPLETE, adjust
from mostrador.simulator.faults import Action, Fault, ReportVariant
from mostrador.simulator.feed_xml import (
    ORDER_ACKNOWLEDGEMENT,
    ORDER_ADJUSTMENT,
    Element,
    FeedContent,
    SchemaError,
    read_feed,
)
from mostrador.simulator.feeds import ACKNOWLEDGEMENTS, ADJUSTMENTS
from mostrador.simulator.reports import Outcome, Problem, report_xml, strange
from mostrador.simulator.settings import Compression
from mostrador.simulator.world import Document, Feed, World

Apply = Callable[[World, Feed, str, etree._Element], list[Problem]]
KINDS: dict[str, tuple[str, Element, Apply]] = {
    ADJUSTMENTS: ("OrderAdjustment", ORDER_ADJUSTMENT, adjust),
    ACKNOWLEDGEMENTS: ("OrderAcknowledgement", ORDER_ACKNOWLEDGEMENT, acknowledge),
}
# Which part of a feed's time it waits before it is worked on.
WAITING_SHARE = 0.25
# Reports longer than this are compressed when nobody chose otherwise.
COMPRESS_ABOVE = 2000
REPORT_TYPE = "text/xml; charset=UTF-8"


class FeedQueues:
    """One worker per seller and feed type, so that feeds of one type never overtake each other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._workers: dict[tuple[str, str], asyncio.Task[None]] = {}

    def start(self) -> None:
        """Take up every feed that had not ended when the simulator last stopped."""
        for feed in list(self._world.feeds.values()):
            if feed.status in ("IN_QUEUE", "IN_PROGRESS"):
                self.arrived(feed)

    async def stop(self) -> None:
        """Stop every worker; what they were at is taken up at the next start."""
        workers = [worker for worker in self._workers.values() if not worker.done()]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def arrived(self, feed: Feed) -> None:
        """See to it that the feed is worked on after those before it."""
        key = (feed.seller_id, feed.feed_type)
        worker = self._workers.get(key)
        if worker is None or worker.done():
            self._workers[key] = asyncio.get_running_loop().create_task(self._work(key))
            self._workers[key].add_done_callback(_raise_failure)

    async def _work(self, key: tuple[str, str]) -> None:
        while (feed := self._next(key)) is not None:
            await self._live(feed)

    def _next(self, key: tuple[str, str]) -> Feed | None:
        open_feeds = (
            feed
            for feed in self._world.feeds.values()
            if (feed.seller_id, feed.feed_type) == key and feed.status in ("IN_QUEUE", "IN_PROGRESS")
        )
        return next(open_feeds, None)

    async def _live(self, feed: Feed) -> None:
        world = self._world
        duration = world.random.uniform(*world.settings.processing)
        if feed.status == "IN_QUEUE":
            await world.clock.wait_until(world.clock.now() + duration * WAITING_SHARE)
            if feed.status != "IN_QUEUE":
                return
            feed.status, feed.started = "IN_PROGRESS", world.clock.now()
            world.keep("feed", feed.feed_id, feed)
            world.commit()
        await world.clock.wait_until(feed.started + duration * (1 - WAITING_SHARE))
        fault = world.faults.take_for_feed(feed.feed_type, feed.seller_id)
        if fault is not None and fault.action is Action.IN_PROGRESS_FOREVER:
            await asyncio.Event().wait()
        finish(world, feed, fault)


def _raise_failure(worker: asyncio.Task[None]) -> None:
    if not worker.cancelled() and worker.exception() is not None:
        worker.result()


def finish(world: World, feed: Feed, fault: Fault | None) -> None:
    """Apply a feed and end it, in one commit, so that a restart cannot apply it again."""
    action = fault.action if fault else None
    variant = fault.variant if fault and action is Action.REPORT else None
    feed.ended = world.clock.now()
    if action in (Action.FATAL_APPLIED, Action.FATAL_NONE, Action.FATAL_SOME):
        feed.status = "FATAL"
        _apply(world, feed, {Action.FATAL_APPLIED: 1.0, Action.FATAL_SOME: 0.5}.get(action, 0.0))
    else:
        outcome, merchant = _apply(world, feed, 0.0 if variant is ReportVariant.UNKNOWN_CODE else 1.0)
        if variant is ReportVariant.UNKNOWN_CODE:
            outcome.problems = {
                key: [Problem("99999", "Something new happened.")] for key in outcome.problems
            }
        feed.status = "DONE"
        feed.result_document_id = _store_report(world, feed, outcome, merchant, variant)
    world.keep("feed", feed.feed_id, feed)
    world.commit()
    world.feed_ended(feed)


def _apply(world: World, feed: Feed, share: float) -> tuple[Outcome, str]:
    """Apply the first `share` of a feed's messages and return what became of each."""
    message_type, schema, apply = KINDS[feed.feed_type]
    try:
        content = read_feed(world.documents[feed.input_document_id].body, message_type, schema)
        _check_merchant(world, feed, content)
    except SchemaError as problem:
        return Outcome(document_problem=str(problem)), feed.seller_id
    broken = next((message.problem for message in content.messages if message.problem), "")
    if broken and world.assumes("schema-error") == "document":
        return Outcome(document_problem=broken), content.merchant
    outcome = Outcome()
    for number, message in enumerate(content.messages):
        if message.body is None:
            outcome.problems[message.message_id] = [Problem("5000", message.problem)]
        elif number < len(content.messages) * share:
            outcome.problems[message.message_id] = apply(world, feed, message.message_id, message.body)
        else:
            outcome.problems[message.message_id] = [Problem(INCOMPLETE, "The message was not processed.")]
    return outcome, content.merchant


def _check_merchant(world: World, feed: Feed, content: FeedContent) -> None:
    if world.assumes("merchant-identifier") == "check" and content.merchant != feed.seller_id:
        raise SchemaError("The MerchantIdentifier is not the seller's.")


def _store_report(
    world: World, feed: Feed, outcome: Outcome, merchant: str, variant: ReportVariant | None
) -> str:
    content = report_xml(outcome, feed_id=feed.feed_id, merchant=merchant)
    packed = variant is ReportVariant.GZ_BOMB
    if variant is not None:
        content = strange(content, variant)
    if not packed and _compress(world.settings.report_gzip, len(content)):
        content, packed = gzip.compress(content), True
    document = Document(world.new_document_id(), feed.seller_id, REPORT_TYPE, world.clock.now(), report=True)
    document.body, document.gzip = content, packed
    world.documents[document.document_id] = document
    world.keep("document", document.document_id, document)
    return document.document_id


def _compress(choice: Compression, length: int) -> bool:
    return choice is Compression.ALWAYS or (choice is Compression.AUTO and length > COMPRESS_ABOVE)
