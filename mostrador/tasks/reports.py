"""Reports: fetch Amazon's processing report, keep it as evidence, and let every message have its verdict."""

from __future__ import annotations

from datetime import datetime

from mostrador.amazon import feeds as amazon
from mostrador.amazon import processing_reports
from mostrador.amazon.errors import ReportTooLarge
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.models import Feed, SeenFeed
from mostrador.tasks import preflight
from mostrador.tasks.failpoints import reach
from mostrador.tasks.gate import ask, client_for
from mostrador.tasks.settling import settle


def read(feed: Feed, now: datetime) -> None:
    """Read the report of a feed that is DONE and settle its messages; safe to repeat.

    Raises: NoToken, AmazonError: it is read later then.
    """
    reach("report.begins")
    expected = feed.rules().message_ids
    body = bytes(feed.report) if feed.report is not None else _fetch(feed, now)
    reach("report.kept")
    report = processing_reports.read(body, expected=expected)
    verdicts = {
        number: rules.Verdict(State(verdict.outcome.value), verdict.code, verdict.words)
        for number, verdict in report.by_message.items()
    }
    verdicts = preflight.already_done(feed=feed, verdicts=verdicts, now=now)
    reach("report.read")
    others_send = feed.adopted and SeenFeed.objects.of_others(partner=feed.selling_partner)
    settle(feed, rules.ReportRead(verdicts, others_send), now)
    reach("report.settled")


def _fetch(feed: Feed, now: datetime) -> bytes:
    """Return the report's bytes, stored first; a feed without a readable report has an empty one."""
    if not feed.report_document_id:
        return b""
    partner = feed.selling_partner
    document = ask(
        partner,
        "getFeedDocument",
        lambda client: amazon.get_feed_document(client, document_id=feed.report_document_id, now=now),
        now,
    )
    try:
        body = amazon.download_report(client_for(partner), document=document)
    except ReportTooLarge:
        body = b""
    reach("report.fetched")
    feed.keep_report(body)
    return body
