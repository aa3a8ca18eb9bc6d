"""The notifier: it writes into the subscribers' queue what happened, with every misfortune SQS allows."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

from mostrador.simulator import notices
from mostrador.simulator.book import Order
from mostrador.simulator.faults import Action, Fault
from mostrador.simulator.notifications import FEED_PROCESSING_FINISHED, ORDER_CHANGE
from mostrador.simulator.store import Json
from mostrador.simulator.world import Feed, World

logger = logging.getLogger(__name__)

TRIES = 3
SECONDS_BETWEEN_TRIES = 0.5


class Notifier:
    """Sends to one SQS queue; without an address it only keeps what it would have sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen = {order.order_id: _outline(order) for order in world.orders.values()}
        self._under_way: set[asyncio.Task[None]] = set()
        self._client: Any = None
        self._connecting = threading.Lock()

    async def stop(self) -> None:
        """Drop what has not left yet."""
        for sending in self._under_way:
            sending.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._client is not None:
            self._client.close()

    def feed_ended(self, feed: Feed) -> None:
        """Tell that a feed has ended, if its seller subscribed to that."""
        subscription = self._world.subscription(feed.seller_id, FEED_PROCESSING_FINISHED)
        if subscription is not None and feed.status in notices.ENDED:
            now = self._world.clock.now()
            notice = notices.feed_finished(feed, subscription_id=subscription.subscription_id, now=now)
            self._send(FEED_PROCESSING_FINISHED, feed.seller_id, notice)

    def order_changed(self, order: Order) -> None:
        """Tell what is new about an order since the last time, if its seller subscribed to that."""
        before, after = self._seen.get(order.order_id), _outline(order)
        self._seen[order.order_id] = after
        subscription = self._world.subscription(order.seller_id, ORDER_CHANGE)
        if subscription is None:
            return
        changes = []
        if before is None or before[0] != after[0]:
            changes.append(("OrderStatusChange", "Other"))
        if after[1] and (before is None or not before[1]):
            changes.append(("BuyerRequestedChange", "Buyer Requested Cancel"))
        for change, reason in changes:
            notice = notices.order_change(
                order,
                change=change,
                reason=reason,
                subscription_id=subscription.subscription_id,
                now=self._world.clock.now(),
            )
            self._send(ORDER_CHANGE, order.seller_id, notice)

    def _send(self, notification_type: str, seller_id: str, notice: Json) -> None:
        """Send a notice, as many of it and as late as the misfortunes in force say."""
        rules = self._world.faults.take_for_notice(notification_type, seller_id)
        faults = {rule.action: rule for rule in rules}
        copies = [] if Action.NOTICE_LOST in faults else [notice]
        if Action.NOTICE_DOUBLED in faults:
            copies = copies * 2
        if Action.NOTICE_FOREIGN in faults:
            copies.append(notices.foreign(notice))
        if Action.NOTICE_FORGED in faults:
            copies.append(notices.forged(notice))
        for copy in copies:
            self.put(json.dumps(copy), seconds=self._lateness(faults))

    def _lateness(self, faults: dict[Action, Fault]) -> float:
        late, shuffled = faults.get(Action.NOTICE_LATE), faults.get(Action.NOTICE_SHUFFLED)
        seconds = late.seconds if late else 0.0
        return seconds + (self._world.random.uniform(0.0, shuffled.seconds) if shuffled else 0.0)

    def put(self, text: str, *, seconds: float = 0.0) -> None:
        """Put a message into the queue after some seconds of virtual time."""
        sending = asyncio.get_running_loop().create_task(self._put(text, seconds))
        self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)

    async def _put(self, text: str, seconds: float) -> None:
        if seconds:
            await self._world.clock.wait_until(self._world.clock.now() + seconds)
        self._world.notices.append(text)
        if not self._world.settings.sqs_queue_url:
            return
        for _ in range(TRIES):
            trouble = await asyncio.to_thread(self._write, text)
            if not trouble:
                return
            await asyncio.sleep(SECONDS_BETWEEN_TRIES)
        logger.warning("a notification was given up: %s", trouble)

    def _write(self, text: str) -> str:
        """Write one message, and return what went wrong, if anything."""
        from botocore.exceptions import (  # type: ignore[import-untyped]  # it comes without types
            BotoCoreError,
            ClientError,
        )

        with self._connecting:
            self._client = self._client or self._connect()
        try:
            self._client.send_message(QueueUrl=self._world.settings.sqs_queue_url, MessageBody=text)
        except (BotoCoreError, ClientError) as problem:
            return str(problem)
        return ""

    def _connect(self) -> Any:
        # Loaded here because it takes most of a second, and only those who send need it.
        import boto3  # type: ignore[import-untyped]  # it comes without types
        from botocore.config import Config  # type: ignore[import-untyped]  # it comes without types

        return boto3.session.Session().client(
            "sqs",
            region_name=self._world.settings.sqs_region,
            endpoint_url=self._world.settings.sqs_endpoint or None,
            aws_access_key_id="simulator",
            aws_secret_access_key="simulator",  # noqa: S106  # any word does on a server of one's own
            config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
        )


def _outline(order: Order) -> tuple[str, bool]:
    """Return what a notification would tell about."""
    return order.status.value, any(item.cancel_request for item in order.items)
