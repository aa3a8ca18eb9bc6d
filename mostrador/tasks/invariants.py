"""Invariants: where a rule of money safety does not hold, that selling partner's sending stops, no other's.

An assertion that fails, or a constraint of the database that refuses a write of ours, is a broken rule.
"""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec

from django.db import Error, IntegrityError
from django.utils import timezone

from mostrador.domain.feeds import NotNow
from mostrador.models import BrokenRule, Feed, Order, SellingPartner

Ids = ParamSpec("Ids")

logger = logging.getLogger(__name__)

# What broke a rule is tried again so much later: by then a person may have mended the row.
LOOKS_AGAIN_AFTER = timedelta(minutes=15)
MOST_FEEDS, MOST_ACTIONS = 10, 100


def guarded(task: Callable[Ids, None]) -> Callable[Ids, None]:
    """Return a money task that stops its selling partner's sending when a rule breaks, and fails loudly.

    The task is called with `partner_id`, `feed_pk` or `order_id`; nothing is asked while all is well.
    """

    @functools.wraps(task)
    def watched(*args: Ids.args, **ids: Ids.kwargs) -> None:
        try:
            task(*args, **ids)
        except NotNow:
            raise  # a race that was lost, no rule
        except (AssertionError, IntegrityError) as broken:
            with suppress(Error):  # a database that is away: the job fails, and is done again
                _stop_sending(broken, task=task.__name__, ids=ids, now=timezone.now())
            raise

    return watched


def constraint_of(error: IntegrityError) -> str:
    """Return the constraint that refused a write. The database's message holds the row: it is not kept."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "unnamed"


def stop_sending(
    *, partner: SellingPartner, rule: str, place: str, task: str, feed: Feed | None, now: datetime
) -> None:
    """Pause a selling partner because `rule` did not hold, and keep what a person needs to understand it."""
    feeds = [feed] if feed else list(_unfinished(partner))
    BrokenRule.objects.note(
        partner=partner,
        rule=rule[:300],
        place=place[:200],
        task=task,
        feed=feed,
        about={"feeds": [_evidence(each) for each in feeds]},
        now=now,
    )
    SellingPartner.objects.stop_for_broken_rule(partner, because=rule, now=now)
    logger.error("sending stopped for %s (%s): %s at %s", partner.seller_id, partner.region, rule, place)


def _stop_sending(broken: Exception, *, task: str, ids: dict[str, Any], now: datetime) -> None:
    subject = _find(ids)
    if subject is None:
        return
    rule = f"the database refused: {constraint_of(broken)}" if isinstance(broken, IntegrityError) else ""
    stop_sending(
        partner=subject.partner,
        rule=rule or str(broken) or type(broken).__name__,
        place=_place(broken),
        task=task,
        feed=subject.feed,
        now=now,
    )
    subject.put_off(now + LOOKS_AGAIN_AFTER)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a task worked on."""

    partner: SellingPartner
    feed: Feed | None = None
    order: Order | None = None

    def put_off(self, until: datetime) -> None:
        """Let the sweeper find it again later, not every few seconds."""
        if self.feed is not None:
            Feed.objects.filter(pk=self.feed.pk, next_action_at__lt=until).update(next_action_at=until)
        elif self.order is not None:
            self.order.plan_read(at=until)
        else:
            self.partner.plan_sync(at=until)


def _find(ids: dict[str, Any]) -> _Subject | None:
    if "feed_pk" in ids:
        feed = Feed.objects.select_related("selling_partner").filter(pk=ids["feed_pk"]).first()
        return _Subject(feed.selling_partner, feed=feed) if feed else None
    if "order_id" in ids:
        order = Order.objects.select_related("selling_partner").filter(pk=ids["order_id"]).first()
        return _Subject(order.selling_partner, order=order) if order else None
    partner = SellingPartner.objects.filter(pk=ids["partner_id"]).first()
    return _Subject(partner) if partner else None


def _place(broken: Exception) -> str:
    """Return where in the program the rule broke: the innermost line of our own."""
    home = Path(__file__).parents[1]
    frames = traceback.extract_tb(broken.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(home)]
    frame = ours[-1]
    return f"{Path(frame.filename).relative_to(home)}:{frame.lineno} {frame.name}"


def _unfinished(partner: SellingPartner) -> list[Feed]:
    return list(Feed.objects.unfinished().filter(selling_partner=partner).order_by("-pk")[:MOST_FEEDS])


def _evidence(feed: Feed) -> dict[str, Any]:
    """Return a feed as evidence: numbers, states and hashes, nothing of the buyer."""
    messages = feed.feed_messages.select_related("refund", "cancellation").order_by("pk")[:MOST_ACTIONS]
    return {
        "feed": feed.pk,
        "feed_id": feed.feed_id,
        "type": feed.feed_type,
        "state": feed.state,
        "amazon_status": feed.amazon_status,
        "marked_at": feed.marked_at.isoformat() if feed.marked_at else "",
        "body_sha256": feed.body_sha256,
        "report_sha256": feed.report_sha256,
        "actions": [
            {"message": message.pk, "action": message.action.reference, "state": message.action.state}
            for message in messages
        ],
    }
