"""Strange feeds: what a notification named and we do not know is read before a lost feed is given up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mostrador.amazon import feeds as amazon
from mostrador.amazon.errors import AmazonError, Refused
from mostrador.models import Feed, Notification, SeenFeed
from mostrador.tasks.gate import NoToken, ask

MOST_ASKED = 10  # at one look; a flood of forged notifications must not use up the quota of getFeed


@dataclass(frozen=True, slots=True)
class Named:
    """Feeds that notifications named: those that may be the lost one, and those nothing is known of yet."""

    candidates: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()


def read(lost: Feed, *, listed: Collection[str], since: datetime, now: datetime) -> Named:
    """Read every feed of the lost one's kind that a notification named since `since` and nobody knows.

    What Amazon refuses to know, or shows as another kind or older, is no concern of ours; what cannot be
    read now stays unexplained. A notification itself is never believed.
    """
    named = Notification.objects.named_feeds(
        seller_id=lost.selling_partner.seller_id, feed_type=lost.feed_type, since=since
    )
    strange = [each for each in _unknown(lost, named) if each not in listed]
    candidates: list[str] = []
    unexplained = strange[MOST_ASKED:]
    for feed_id in strange[:MOST_ASKED]:
        try:
            said = _ask(lost, feed_id, now)
        except Refused:
            Notification.objects.clear_up(seller_id=lost.selling_partner.seller_id, feed_id=feed_id)
            continue
        except (NoToken, AmazonError):
            unexplained.append(feed_id)
            continue
        if said.feed_type != lost.feed_type:
            Notification.objects.clear_up(seller_id=lost.selling_partner.seller_id, feed_id=feed_id)
        elif said.created_at >= since:
            candidates.append(feed_id)
        else:
            SeenFeed.objects.note(partner=lost.selling_partner, feed_ids=[feed_id], now=now)
    return Named(tuple(candidates), tuple(unexplained))


def _unknown(lost: Feed, named: list[str]) -> list[str]:
    return SeenFeed.objects.unseen(partner=lost.selling_partner, feed_ids=named) if named else []


def _ask(lost: Feed, feed_id: str, now: datetime) -> amazon.Feed:
    return ask(
        lost.selling_partner,
        "getFeed",
        lambda client: amazon.get_feed(client, feed_id=feed_id, now=now),
        now,
    )
