"""`mostrador doctor`: every kind of trouble is found, said in words, and comes with a next step."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.management.doctor import Finding, Severity, examine
from mostrador.models import Feed, Mailbox, RawMail, SellingPartner
from mostrador.tasks import orders
from tests.makers import (
    make_agent,
    make_cancellation,
    make_mailbox,
    make_refund,
    make_reply,
    make_selling_partner,
)

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    """The doctor compares with the real clock of the database."""
    return timezone.now()


def troubles(now: datetime, check: str) -> list[Finding]:
    """Return what is wrong with one thing."""
    found = [finding for finding in examine(now) if finding.check == check]
    assert found, f"nothing was said of {check}"
    return [finding for finding in found if finding.severity is Severity.TROUBLE]


def start_worker(*, silent_for: timedelta = timedelta()) -> int:
    """Enter a worker, as one does at its start, and return its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id",
            [timezone.now() - silent_for],
        )
        number: int = cursor.fetchone()[0]
        return number


def run_doctor(*words: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    printed, code = StringIO(), 0
    try:
        call_command("doctor", *words, stdout=printed)
    except SystemExit as end:
        code = int(str(end.code))
    return code, printed.getvalue()


def test_a_desk_at_work_is_well() -> None:
    start_worker()
    make_agent(is_owner=True)
    make_mailbox()
    code, words = run_doctor()
    assert code == 0, words
    assert words.endswith("All is well.\n")


def test_json_carries_the_same_findings() -> None:
    code, text = run_doctor("--json", "--quiet")
    facts = json.loads(text)
    assert (code, facts["ok"]) == (1, False)
    assert [finding["check"] for finding in facts["findings"]] == ["worker"]
    assert facts["findings"][0]["severity"] == "trouble"
    assert facts["findings"][0]["next_step"].endswith("mostrador worker")


def test_trouble_always_comes_with_a_next_step(now: datetime) -> None:
    make_refund(state=State.UNKNOWN, now=now)
    SellingPartner.objects.update(paused_at=now, paused_because="odd")
    found = [finding for finding in examine(now) if finding.severity is Severity.TROUBLE]
    assert len(found) >= 3
    assert all(finding.next_step for finding in found)


def test_a_worker_that_fell_silent_is_found(now: datetime) -> None:
    start_worker(silent_for=2 * HOUR + MINUTE)
    assert "the last sign of life came 2 hours ago" in troubles(now, "worker")[0].words


def test_a_job_that_could_have_run_is_late(now: datetime) -> None:
    orders.sync.configure(schedule_at=now - 5 * MINUTE).defer(partner_id=1)
    orders.sync.configure(schedule_at=now + HOUR).defer(partner_id=2)
    words = troubles(now, "queue")[0].words
    assert words == "1 job could run; the oldest (orders.sync) waits for 5 minutes: no worker runs."


def test_a_job_planned_for_later_is_not_late(now: datetime) -> None:
    orders.sync.configure(schedule_at=now + HOUR).defer(partner_id=1)
    orders.sync.defer(partner_id=2)
    assert troubles(now, "queue") == []


def test_a_crashed_job_is_named(now: datetime) -> None:
    job_id = orders.sync.defer(partner_id=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job_id])
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job_id])
    assert ProcrastinateJob.objects.get().status == "failed"
    assert troubles(timezone.now(), "failed jobs")[0].words == "Jobs crashed within a day: orders.sync (1)."


def test_a_paused_selling_partner_is_named_with_the_reason(now: datetime) -> None:
    partner = make_selling_partner(name="Nordlicht")
    partner.pause(because="restored from a backup", now=now)
    assert "restored from a backup" in troubles(now, "selling partners")[0].words
    assert troubles(now, "selling partners")[0].next_step.endswith(f"resume --seller {partner.seller_id}")


def test_orders_that_could_not_be_read_are_named(now: datetime) -> None:
    make_selling_partner().plan_sync(at=now, trouble="403 Unauthorized")
    assert "403 Unauthorized" in troubles(now, "orders")[0].words


def test_orders_that_should_have_been_read_are_late(now: datetime) -> None:
    make_selling_partner().plan_sync(at=now - HOUR)
    assert "should have been read 1 hour ago" in troubles(now, "orders")[0].words


def test_a_mailbox_in_trouble_is_named(now: datetime) -> None:
    mailbox = make_mailbox()
    mailbox.plan_fetch(at=now, now=now, trouble="the password was refused")
    assert "the password was refused" in troubles(now, "mailboxes")[0].words


def test_a_mailbox_nobody_looks_into_is_late(now: datetime) -> None:
    make_mailbox()
    Mailbox.objects.update(next_fetch_at=now - 2 * HOUR, fetched_at=now - 2 * HOUR)
    assert "was not looked into for 2 hours" in troubles(now, "mailboxes")[0].words


def test_mail_that_became_no_ticket_is_found(now: datetime) -> None:
    mailbox = make_mailbox()
    RawMail.objects.keep(mailbox=mailbox, content=b"x", size=1, truncated=False, now=now - HOUR)
    assert troubles(now, "mail")[0].words == "1 mail stored but not in a ticket; the oldest waits for 1 hour."


def test_a_secret_that_another_key_sealed_is_found(now: datetime) -> None:
    partner = make_selling_partner(name="Nordlicht")
    SellingPartner.objects.update(client_secret_sealed="A" * len(partner.client_secret_sealed))
    assert "Nordlicht" in troubles(now, "secrets")[0].words


def test_unknown_and_reviewed_actions_are_named(now: datetime) -> None:
    refund = make_refund(state=State.UNKNOWN, now=now)
    cancellation = make_cancellation(state=State.REVIEW, now=now)
    unknown, review = troubles(now, "unclear actions")
    assert refund.reference in unknown.words
    assert unknown.next_step.startswith("Do not do them again")
    assert cancellation.reference in review.words


def test_an_action_that_should_have_left_is_named(now: datetime) -> None:
    late = make_refund(now=now - HOUR)
    make_reply(now=now, send_after=now + MINUTE)
    words = troubles(now, "overdue actions")[0].words
    assert words == f"These should have left by now: {late.reference}. {late.reference}: no worker runs."


def test_a_refund_without_proof_after_a_week_is_named(now: datetime) -> None:
    refund = make_refund(state=State.ACCEPTED, now=now - timedelta(days=8))
    assert refund.reference in troubles(now, "unproven refunds")[0].words


def test_a_feed_that_hangs_at_amazon_is_named(now: datetime) -> None:
    feed = make_feed(now=now)
    Feed.objects.update(state=FeedState.SENT, feed_id="77001", sent_at=now - 9 * HOUR)
    words = troubles(now, "feeds")[0].words
    assert words == f"Feed 77001 of {feed.selling_partner} has been at Amazon for 9 hours."


def test_a_feed_nobody_looks_after_is_late(now: datetime) -> None:
    make_feed(now=now - HOUR)
    assert "1 feed waiting to be looked after" in troubles(now, "feeds")[0].words


def test_a_database_behind_the_code_stops_the_round(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'mostrador' AND name >= '0002'")
    found = list(examine(now))
    assert [finding.check for finding in found] == ["database", "migrations"]
    assert found[-1].next_step == "Run: mostrador migrate"


def make_feed(*, now: datetime) -> Feed:
    """Store a sealed feed."""
    feed = Feed.objects.begin(
        partner=make_selling_partner(),
        feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
        marketplace_ids=["X"],
        now=now,
    )
    feed.seal(b"<x/>")
    return feed
