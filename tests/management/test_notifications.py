"""`mostrador connect-notifications`, what the doctor says about the queue, and the worker's receiver."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.management.doctor import hints
from mostrador.management.doctor.findings import Severity
from mostrador.models import Notification, QueueHealth
from tests import sqs as aws
from tests.management.conftest import Run
from tests.management.test_demo import SECONDS_TO_START, begin, url_of_test_database
from tests.shop import Shop
from tests.sqs import Sqs

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db

ARN = "arn:aws:sqs:eu-west-1:123456789012:desk"
OTHER_ARN = "arn:aws:sqs:eu-west-1:123456789012:other"
BOTH = ["FEED_PROCESSING_FINISHED", "ORDER_CHANGE"]


@pytest.fixture
def seller(db: None, settings: SettingsWrapper) -> Iterator[str]:
    """The id of a connected seller of a simulator."""
    from mostrador.simulator.server import start_in_thread

    with start_in_thread() as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        shop = Shop(simulator).connect()
        yield shop.partners["eu"].seller_id


def test_connecting_makes_what_is_missing_and_nothing_twice(run: Run, seller: str) -> None:
    first = json.loads(run("connect-notifications", "--seller", seller, "--queue-arn", ARN, "--json"))
    assert first["made"] == ["destination", *BOTH]
    assert first["queue_arn"] == ARN
    assert sorted(first["subscriptions"]) == BOTH
    again = json.loads(run("connect-notifications", "--seller", seller, "--queue-arn", ARN, "--json"))
    assert again == {**first, "made": []}


def test_connecting_says_what_was_new(run: Run, seller: str) -> None:
    words = ("connect-notifications", "--seller", seller, "--queue-arn", ARN)
    where = f"Amazon sends the notifications of Nordlicht Leuchten (eu) to {ARN}."
    assert run(*words) == f"{where} New: destination, {BOTH[0]}, {BOTH[1]}."
    assert run(*words) == f"{where} Everything was there already."


def test_connecting_another_queue_moves_the_subscriptions(run: Run, seller: str) -> None:
    first = json.loads(run("connect-notifications", "--seller", seller, "--queue-arn", ARN, "--json"))
    moved = json.loads(run("connect-notifications", "--seller", seller, "--queue-arn", OTHER_ARN, "--json"))
    assert moved["made"] == ["destination", *BOTH]
    assert moved["destination_id"] != first["destination_id"]
    assert not set(moved["subscriptions"].values()) & set(first["subscriptions"].values())


def test_the_queue_of_the_settings_is_asked_for_its_name(
    run: Run, seller: str, sqs: Sqs, settings: SettingsWrapper
) -> None:
    settings.SQS_QUEUE_URL, settings.SQS_ENDPOINT, settings.SQS_REGION = sqs.url, sqs.endpoint, aws.REGION
    settings.SQS_ACCESS_KEY_ID, settings.SQS_SECRET_ACCESS_KEY = "k", "s"
    said = json.loads(run("connect-notifications", "--seller", seller, "--json"))
    assert said["queue_arn"] == f"arn:aws:sqs:eu-west-1:123456789012:{sqs.url.rpartition('/')[2]}"


@pytest.mark.parametrize("arn", ["desk", "arn:aws:sns:eu-west-1:1:desk", f"{ARN} ", f"{ARN}:{'x' * 1000}"])
def test_what_is_no_queue_is_refused_in_one_sentence(run: Run, seller: str, arn: str) -> None:
    with pytest.raises(CommandError, match="no SQS queue's ARN"):
        run("connect-notifications", "--seller", seller, "--queue-arn", arn)


def test_without_a_queue_the_command_says_what_to_set(run: Run, seller: str) -> None:
    with pytest.raises(CommandError, match="set MOSTRADOR_SQS_QUEUE_URL, or name it with --queue-arn"):
        run("connect-notifications", "--seller", seller)


def test_amazons_refusal_is_told_in_one_sentence(run: Run, seller: str, settings: SettingsWrapper) -> None:
    settings.SPAPI_ENDPOINT = f"{settings.SPAPI_ENDPOINT}/nowhere"
    with pytest.raises(CommandError, match="Amazon did not do it: getDestinations: 404"):
        run("connect-notifications", "--seller", seller, "--queue-arn", ARN)


def test_the_doctor_tells_how_the_queue_is(settings: SettingsWrapper) -> None:
    now = timezone.now()
    (unset,) = hints.notification_queue(now)
    assert (unset.severity, unset.words) == (
        Severity.NOTE,
        "No queue is set: what changes at Amazon is found out by polling.",
    )
    settings.SQS_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/1/desk"
    (silent,) = hints.notification_queue(now)
    assert silent.severity is Severity.TROUBLE
    assert silent.words.startswith("The notification queue was last listened to: never.")
    QueueHealth.objects.answered(settings.SQS_QUEUE_URL, now=now)
    assert [found.severity for found in hints.notification_queue(now)] == [Severity.FINE]
    later = now + timedelta(minutes=10)
    assert "10 minutes ago" in next(hints.notification_queue(later)).words
    QueueHealth.objects.failed(settings.SQS_QUEUE_URL, trouble="no way in", now=now)
    (sick,) = hints.notification_queue(later)
    assert sick.words == (
        "The notification queue has been in trouble for 10 minutes: no way in. "
        "Nothing is lost: feeds and orders are found out by polling, only later."
    )


def test_the_doctor_counts_strange_notifications_of_a_day() -> None:
    now = timezone.now()
    assert list(hints.strange_notifications(now)) == []
    Notification.objects.store_unreadable(text="x", fault="not JSON", now=now)
    Notification.objects.store_unreadable(text="x", fault="not JSON", now=now - timedelta(days=2))
    (found,) = hints.strange_notifications(now)
    assert found.words.startswith("1 notification within a day")


@pytest.mark.django_db(transaction=True)
def test_a_worker_receives_notifications_and_ends_soon_after_it_is_told(tmp_path: Path, sqs: Sqs) -> None:
    worker = begin(
        tmp_path,
        "worker",
        DATABASE_URL=url_of_test_database(),
        MOSTRADOR_SECRET_KEY="x" * 50,
        MOSTRADOR_SQS_QUEUE_URL=sqs.url,
        MOSTRADOR_SQS_ENDPOINT=sqs.endpoint,
        MOSTRADOR_SQS_REGION=aws.REGION,
        MOSTRADOR_SQS_ACCESS_KEY_ID="k",
        MOSTRADOR_SQS_SECRET_ACCESS_KEY="s",
    )
    try:
        sqs.send("nonsense")
        until = time.monotonic() + SECONDS_TO_START
        while not Notification.objects.exists() or sqs.left():
            assert worker.poll() is None, worker.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.05)
        told = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        printed, _ = worker.communicate(timeout=20)
    finally:
        worker.kill()
        worker.communicate()
    assert worker.returncode == 0, printed
    assert time.monotonic() - told < 5.0, "a long poll of five seconds and more is not waited for"
    assert Notification.objects.get().outcome == "unreadable"
