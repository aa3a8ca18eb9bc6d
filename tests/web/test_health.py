"""`/readyz` and `/metrics`: what monitors are told, and whom the desk tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from mostrador.domain.delivery import State
from mostrador.models import Agent, ApiToken, CallCount, CallOutcome, Quota, SendingStop
from mostrador.tasks import orders
from tests import makers

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
TOKEN = "a-token-for-the-monitor"
SECRETS = (makers.BUYER, "Jürgen", "client-secret-of-the-tests", "Atzr|", makers.TOKEN, "service@nordlicht")


def enter_worker(*, silent_for: timedelta = timedelta()) -> None:
    """Enter a worker that was last heard of so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [timezone.now() - silent_for]
        )


def checks(client: Client) -> tuple[int, dict[str, str]]:
    """Return the status of /readyz, and what is not fine with the words for it."""
    answer = client.get("/readyz", headers={"Accept": "application/json"})
    said = answer.json()
    assert said["ready"] is (answer.status_code == HTTPStatus.OK)
    assert all(check["next_step"] for check in said["checks"] if not check["ok"])
    return answer.status_code, {check["check"]: check["words"] for check in said["checks"] if not check["ok"]}


# ── /readyz ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_desk_at_work_is_ready_and_says_so_in_plain_words(client: Client) -> None:
    enter_worker()
    answer = client.get("/readyz")
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    lines = answer.content.decode().splitlines()
    assert lines[0] == "ready"
    assert "✓ worker: 1 worker at work." in lines
    assert "✓ queue: 0 jobs ready to run, none of them late." in lines


def test_json_is_answered_to_those_who_ask_for_it(client: Client) -> None:
    enter_worker()
    answer = client.get("/readyz", headers={"Accept": "application/json"})
    assert answer.json()["ready"] is True
    assert [check["check"] for check in answer.json()["checks"]] == [
        "database",
        "migrations",
        "worker",
        "sending",
        "queue",
    ]


@pytest.mark.parametrize(("silence", "is_ready"), [(50, True), (70, False)])
def test_a_worker_may_be_silent_for_a_minute(client: Client, silence: int, is_ready: bool) -> None:
    enter_worker(silent_for=timedelta(seconds=silence))
    status, wrong = checks(client)
    assert (status == HTTPStatus.OK) is is_ready
    assert ("worker" in wrong) is not is_ready


def test_without_a_worker_the_desk_is_not_ready(client: Client) -> None:
    status, wrong = checks(client)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert wrong == {"worker": "No worker runs: nothing is sent and no mail is fetched."}


def test_a_job_that_waits_for_more_than_a_minute_is_named_with_the_reason(client: Client) -> None:
    enter_worker()
    orders.sync.configure(schedule_at=timezone.now() - 2 * MINUTE).defer(partner_id=1)
    status, wrong = checks(client)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert wrong == {
        "queue": "1 job could run; the oldest (orders.sync) waits for 2 minutes: "
        "1 worker at work, but nothing is taken."
    }


def test_a_job_behind_another_with_the_same_lock_waits_rightly(client: Client) -> None:
    enter_worker()
    for minutes in (3, 2):
        at = timezone.now() - minutes * MINUTE
        orders.sync.configure(schedule_at=at, lock="mailbox:1").defer(partner_id=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' "
            "WHERE id = (SELECT min(id) FROM procrastinate_jobs)"
        )
    assert checks(client) == (HTTPStatus.OK, {})


def test_closed_sending_is_said(client: Client) -> None:
    enter_worker()
    now = timezone.now()
    SendingStop.objects.close([], record=None, certain_from=now, now=now - 5 * MINUTE)
    status, wrong = checks(client)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert wrong["sending"].startswith("All sending has been closed for 5 minutes: ")


def test_an_unmigrated_database_is_said_and_nothing_else_is_asked(client: Client) -> None:
    enter_worker()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'mostrador' AND name LIKE '0008%%'", [])
    status, wrong = checks(client)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert wrong == {"migrations": "The database is behind the code by 1 migration."}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_said_without_its_name(client: Client) -> None:
    ours = connections["default"]
    ours.close()
    port = ours.settings_dict["HOST"], ours.settings_dict["PORT"]
    ours.settings_dict["HOST"], ours.settings_dict["PORT"] = "127.0.0.1", "1"
    try:
        answer = client.get("/readyz")
    finally:
        ours.settings_dict["HOST"], ours.settings_dict["PORT"] = port
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    words = answer.content.decode()
    assert words.startswith("not ready\n✗ database: The database does not answer.\n")
    assert "127.0.0.1" not in words


# ── /metrics ──────────────────────────────────────────────────────────────────────────────────────────────


def scrape(client: Client, token: str = TOKEN) -> dict[str, float]:
    """Return every sample of /metrics by name and labels' values."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == HTTPStatus.OK, answer.content
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        assert family.documentation
        for sample in family.samples:
            found[" ".join([sample.name, *sample.labels.values()])] = sample.value
    return found


@pytest.fixture
def monitor(client: Client, settings: SettingsWrapper) -> Client:
    """A monitor that knows the token of the settings."""
    settings.METRICS_TOKEN = TOKEN
    return client


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic " + TOKEN, "Bearer " + "x" * 300])
def test_without_the_token_nothing_is_told(monitor: Client, header: str) -> None:
    answer = monitor.get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert b"mostrador_" not in answer.content


def test_an_unset_token_opens_nothing_and_a_session_does_not_count(desk: Client) -> None:
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert desk.get("/metrics", headers=header).status_code == HTTPStatus.UNAUTHORIZED


def test_an_agents_token_opens_it_until_it_is_revoked(client: Client, agent: Agent) -> None:
    issued, token = ApiToken.objects.issue(agent=agent, name="monitor")
    assert "mostrador_workers" in scrape(client, token)
    ApiToken.objects.filter(pk=issued.pk).update(revoked_at=timezone.now())
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


def test_every_promised_figure_is_there_and_true(monitor: Client) -> None:
    enter_worker()
    now = timezone.now()
    make_a_busy_desk(now)
    found = scrape(monitor)
    exact = {
        "mostrador_workers": 1,
        "mostrador_sending_closed": 0,
        "mostrador_jobs todo": 1,
        "mostrador_jobs doing": 0,
        "mostrador_queue_ready_jobs": 1,
        "mostrador_actions refund unknown": 1,
        "mostrador_actions refund review": 1,
        "mostrador_actions cancellation not_sent": 1,
        "mostrador_actions refund requested": 1,
        "mostrador_actions reply unknown": 0,
        "mostrador_feeds sent": 0,
        "mostrador_tickets open": 1,
        "mostrador_tickets_late": 1,
        "mostrador_mailboxes_in_trouble": 1,
        "mostrador_amazon_calls_total createFeed ok": 7,
        "mostrador_amazon_calls_total createFeed throttled": 2,
    }
    assert {name: found[name] for name in exact} == exact
    assert found["mostrador_queue_oldest_job_seconds"] == pytest.approx(120, abs=20)
    assert found["mostrador_oldest_waiting_action_seconds refund"] == pytest.approx(600, abs=20)
    assert found["mostrador_oldest_waiting_action_seconds cancellation"] == 0


def make_a_busy_desk(now: datetime) -> None:
    """Store something of everything a monitor asks for."""
    for state in (State.UNKNOWN, State.REVIEW):
        makers.make_refund(state=state)
    makers.make_refund(now=now - 10 * MINUTE)
    makers.make_cancellation(state=State.NOT_SENT)
    mailbox = makers.make_mailbox()
    mailbox.plan_fetch(at=now, now=now, trouble="refused")
    makers.make_ticket(mailbox=mailbox, partner=mailbox.selling_partner, now=now - timedelta(hours=30))
    CallCount.objects.add({("createFeed", CallOutcome.OK): 5, ("createFeed", CallOutcome.THROTTLED): 2})
    CallCount.objects.add({("createFeed", CallOutcome.OK): 2})
    orders.sync.configure(schedule_at=now - 2 * MINUTE).defer(partner_id=1)


def test_tokens_left_are_told_for_each_selling_partner(monitor: Client) -> None:
    now = timezone.now()
    partner = makers.make_selling_partner(name='Nord"licht\n')
    for _ in range(3):
        Quota.objects.take(partner=partner, operation="createFeed", now=now)
    Quota.objects.take(partner=partner, operation="getFeeds", now=now)
    Quota.objects.take(partner=partner, operation="getFeed", now=now - timedelta(hours=1))
    left = {name: value for name, value in scrape(monitor).items() if "tokens_left" in name}
    create, listing = (
        f'mostrador_tokens_left Nord"licht\n {operation} eu {partner.pk}'
        for operation in ("createFeed", "getFeeds")
    )
    assert set(left) == {create, listing}, "a full bucket is not worth a line"
    assert left[create] == pytest.approx(12, abs=0.3)
    assert left[listing] == pytest.approx(9, abs=0.6)


def test_no_page_for_monitors_tells_a_secret_or_a_buyer(monitor: Client) -> None:
    make_a_busy_desk(timezone.now())
    told = monitor.get("/readyz").content + monitor.get("/readyz?x", headers={"Accept": "*/*"}).content
    told += monitor.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content
    words = told.decode()
    assert not [secret for secret in (*SECRETS, TOKEN) if secret in words]
