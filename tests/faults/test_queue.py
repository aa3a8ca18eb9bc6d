"""The queue: emptied, deaf or half forgotten; every wish is found again from our own tables."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from tests.faults.figures import figure, row, share_of
from tests.faults.market import open_market, open_nursery, read_orders
from tests.worker import empty_queue

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

GOES_ON_WITHIN, AT_THE_LATEST = (
    30.0,
    90.0,
)  # seconds: as a rule, and on a machine that is busy with other work
LAST = "to the last answer"


def deafen(*, on: bool) -> None:
    """Let the queue tell nobody of new jobs, as when LISTEN does not get through; or let it tell again."""
    word = "DISABLE" if on else "ENABLE"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'procrastinate_jobs'::regclass "
            "AND NOT tgisinternal AND tgname LIKE '%%notify%%'"
        )
        names = [name for (name,) in cursor.fetchall()]
        assert names, "the queue has triggers that notify"
        for name in names:
            cursor.execute(f'ALTER TABLE procrastinate_jobs {word} TRIGGER "{name}"')


def test_an_emptied_or_deaf_queue_loses_nothing_and_work_goes_on(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    trials = share_of(range(figure(sample=2, full=50)))
    with (
        row("F12 queue emptied or deaf") as (entry, rng),
        open_market(tmp_path, settings, sellers=6 + len(trials), orders_each=4) as market,
    ):
        read_orders(market)
        with open_nursery(tmp_path, market) as nursery:
            nursery.start()
            time.sleep(1)
            sellers = itertools.cycle(market.sellers())
            for number in range(len(trials)):
                is_deaf = number % 2 == 1
                if is_deaf:
                    deafen(on=True)
                began = timezone.now()
                for kind in ("partial", "cancel", "reply"):
                    market.ask(kind, next(sellers))
                for _ in range(0 if is_deaf else 3):
                    time.sleep(rng.uniform(0, 0.4))
                    empty_queue()
                market.wait(lambda: not market.open(), seconds=AT_THE_LATEST, what="the rest of the work")
                entry.measure(LAST, (timezone.now() - began).total_seconds())
                if is_deaf:
                    deafen(on=False)
                entry.count()
        market.tell(entry)
        ranked = sorted(entry.times[LAST])
        if ranked[(len(ranked) - 1) // 2] > GOES_ON_WITHIN:
            entry.wrong.append(f"work went on too late: {ranked}")
