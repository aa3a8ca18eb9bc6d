"""`mostrador reconcile`: after a restore, find out what the database has forgotten."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.models import SendingStop
from mostrador.money import Money
from mostrador.tasks import forgotten, guards, reconciling
from mostrador.tasks.forgotten import TakenIn
from mostrador.tasks.journal import path as where_it_lies
from mostrador.tasks.reconciling import Comparison


class Command(DeskCommand):
    """Reads only at Amazon; it sends nothing. What is in doubt is searched for or laid before a person."""

    help = "After a restore: compare Amazon's lists of feeds with the database."
    says = (
        "Repeat it until it says that everything was compared; then: mostrador open-sending --agent OWNER.\n"
        "Exit code 0: everything was compared, or sending is open. 1: something is missing; run it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_json_option(parser)

    def handle(self, *_: Any, as_json: bool, **__: Any) -> None:
        """Compare."""
        now = timezone.now()
        try:
            guards.keep(now)
        except OSError as problem:
            raise CommandError(f"The epoch record cannot be written: {problem.strerror}.") from problem
        stop = SendingStop.objects.current()
        if stop is None:
            self.tell({"closed": False}, words="Sending is open: nothing to compare.", as_json=as_json)
            return
        try:
            journal = forgotten.take_in(stop, now=now)
            found = reconciling.reconcile(now=now)
        except OSError as problem:
            raise CommandError(f"The journal of marks cannot be read: {problem.strerror}.") from problem
        complete = all(each.complete for each in found)
        facts = {
            "closed": True,
            "because": stop.because,
            "certain_from": stop.certain_from,
            "complete": complete,
            "journal": {"found": not journal.is_missing, "unreadable_lines": journal.unreadable},
            "found": [_facts(each) for each in found],
        }
        self.tell(facts, words="\n".join(report(stop, found, journal)), as_json=as_json)
        if not complete:
            sys.exit(1)


def report(stop: SendingStop, found: Sequence[Comparison], journal: TakenIn) -> Iterator[str]:
    """Return in words what was found."""
    if journal.is_missing:
        yield "This host has no journal of marks: what was asked for since the backup only Amazon knows."
    if journal.unreadable:
        yield f"{journal.unreadable} lines of the journal of marks cannot be read: {where_it_lies()}"
    yield f"Sending is closed since {stop.closed_at:%Y-%m-%d %H:%M:%S} UTC: {', '.join(stop.codes)}."
    for each in found:
        yield f"{each.partner} ({each.partner.region}), {each.feed_type}:"
        yield from (f"    {line}" for line in _lines(each))
    missing = [each for each in found if not each.complete]
    if not missing:
        yield "Everything was compared. An owner may now run: mostrador open-sending --agent E"
        return
    yield f"Not everything could be compared ({len(missing)} of {len(found)} missing): run this again."
    if any(not each.unread and not each.trouble for each in missing):
        yield (
            f"Amazon's list is certain from {stop.certain_from:%Y-%m-%d %H:%M:%S} UTC on; until then a "
            "worker that was frozen could still send, and a feed could still be missing from the list."
        )


def _lines(found: Comparison) -> Iterator[str]:
    if found.trouble:
        yield f"could not be compared: {found.trouble}"
        return
    number = len(found.forgotten)
    yield from _held_lines(found)
    yield f"{number} {'feed' if number == 1 else 'feeds'} at Amazon that the database does not know"
    for feed in found.forgotten:
        yield f"  feed {feed.feed_id}, made {feed.created_at:%Y-%m-%d %H:%M:%S} UTC, {feed.status}"
    for names, what in (
        (found.searched, "searched for in Amazon's list"),
        (found.reviewed, "laid before a person: it may be in one of these feeds; look in Seller Central"),
        (found.stuck, "was never sent, but may have been sent again; do not send it again"),
        (found.imported, "only Amazon's accounts knew it: taken over as made elsewhere"),
        (found.safe, "was certainly not sent: it leaves when sending is opened"),
        (found.unread, "order not read yet"),
    ):
        yield from (f"{name}: {what}" for name in names)


def _held_lines(found: Comparison) -> Iterator[str]:
    """Return which orders are held, and what for: the journal knows a mark, the database does not."""
    for mark in found.held:
        items = ", ".join(f"item {item['item_id']}" for item in mark.items)
        what = (
            f"{mark.reference}, {Money(mark.total, mark.currency)}, {items}" if mark.total else mark.reference
        )
        at_amazon = f" ({mark.words})" if mark.words else ""
        yield (
            f"order {mark.order.amazon_order_id} is held: {what} was about to leave at "
            f"{mark.marked_at:%Y-%m-%d %H:%M:%S} UTC{at_amazon}"
        )


def _held_facts(found: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "order": mark.order.amazon_order_id,
            "reference": mark.reference,
            "items": mark.items,
            "total": mark.total,
            "currency": mark.currency,
            "marked_at": mark.marked_at,
        }
        for mark in found.held
    ]


def _facts(found: Comparison) -> dict[str, Any]:
    return {
        "selling_partner": found.partner.seller_id,
        "region": found.partner.region,
        "feed_type": found.feed_type,
        "forgotten": [
            {"feed_id": feed.feed_id, "created_at": feed.created_at, "status": feed.status}
            for feed in found.forgotten
        ],
        "searched": found.searched,
        "reviewed": found.reviewed,
        "stuck": found.stuck,
        "imported": found.imported,
        "safe": found.safe,
        "unread": found.unread,
        "held": _held_facts(found),
        "trouble": found.trouble,
        "complete": found.complete,
    }
