"""Hints: whether Amazon's notifications arrive, and whether somebody sends us strange ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from mostrador.management.doctor.findings import Finding, counted, fine, in_words, note, trouble
from mostrador.models import Notification, QueueHealth

MAY_BE_SILENT = timedelta(minutes=3)
STRANGE_WITHIN = timedelta(days=1)
POLLING = "Nothing is lost: feeds and orders are found out by polling, only later."


def notification_queue(now: datetime) -> Iterator[Finding]:
    """Look whether the queue of the settings answers."""
    url = settings.SQS_QUEUE_URL
    if not url:
        yield note(
            "notifications",
            "No queue is set: what changes at Amazon is found out by polling.",
            "See docs/how-to/receive-notifications.md",
        )
        return
    health = QueueHealth.objects.filter(url=url).first()
    if health is not None and health.trouble:
        since = in_words(now - (health.trouble_since or now))
        yield trouble(
            "notifications",
            f"The notification queue has been in trouble for {since}: {health.trouble}. {POLLING}",
            "Check MOSTRADOR_SQS_QUEUE_URL, the key and what it may do.",
        )
        return
    if health is None or health.answered_at is None or now - health.answered_at > MAY_BE_SILENT:
        last = in_words(now - health.answered_at) + " ago" if health and health.answered_at else "never"
        yield trouble(
            "notifications",
            f"The notification queue was last listened to: {last}. {POLLING}",
            "See whether a worker runs, and restart it: mostrador worker",
        )
        return
    yield fine("notifications", "The notification queue answers.")


def strange_notifications(now: datetime) -> Iterator[Finding]:
    """Count the notifications that were not understood or not about us; they were ignored."""
    strange = Notification.objects.ignored(since=now - STRANGE_WITHIN).count()
    if strange:
        yield note(
            "strange notifications",
            f"{counted(strange, 'notification')} within a day about nobody we know, or unreadable; ignored.",
            "If there are many, see who may write to the queue.",
        )
