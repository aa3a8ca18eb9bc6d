"""Idle: what one worker costs beside 10,000 selling partners with mailboxes for which nothing is due.

Run it alone: `python -m bench.idle`. Processor time of worker and database is read from /proc (Linux).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

from bench.environment import HOME
from bench.figures import Row, show
from mostrador.amazon.marketplaces import by_country
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, Mailbox, Quota, SellingPartner
from mostrador.models.secrets import seal

PARTNERS = 10_000
MEASURED = 60.0  # seconds
WARM_UP = 15.0
FAR = timedelta(days=1)
BATCH = 2_000
AIM = "below 5 % of one core"
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Make the selling partners, start a worker, and measure."""
    call_command("migrate", verbosity=0)
    _stock(timezone.now())
    worker = subprocess.Popen([sys.executable, "-m", "django", "worker"])
    try:
        time.sleep(WARM_UP)
        before = [_seconds(worker.pid), sum(map(_seconds, _database()))]
        began = time.monotonic()
        time.sleep(MEASURED)
        passed = time.monotonic() - began
        after = [_seconds(worker.pid), sum(map(_seconds, _database()))]
        if worker.poll() is not None:
            raise RuntimeError("the worker ended by itself")
    finally:
        worker.terminate()
        worker.wait(40)
    ours, theirs = ((end - start) / passed for start, end in zip(before, after, strict=True))
    show(
        f"Idle: {PARTNERS:,} selling partners and mailboxes, nothing due, {passed:.0f} s",
        [
            Row("one worker", f"{ours:6.2%} of one core", AIM),
            Row("the database beside it", f"{theirs:6.2%} of one core"),
        ],
    )


def _stock(now: datetime) -> None:
    """Store the selling partners, each with a mailbox, a used bucket and a feed that is over."""
    place, later = by_country("DE").id, now + FAR
    sealed = seal("not-a-secret", place="bench")
    partners = SellingPartner.objects.bulk_create(
        [
            SellingPartner(
                name=f"Seller {number}",
                seller_id=f"A{number:013d}",
                region="eu",
                marketplace_ids=[place],
                client_id="amzn1.application-oa2-client.bench",
                client_secret_sealed=sealed,
                refresh_token_sealed=sealed,
            )
            for number in range(PARTNERS)
        ],
        batch_size=BATCH,
    )
    Mailbox.objects.bulk_create(
        [
            Mailbox(
                selling_partner=each,
                url=f"maildir:{HOME}/none/{each.seller_id}",
                smtp_url="smtp://127.0.0.1:1",
                from_address=f"{each.seller_id.lower()}@bench.example",
                from_name=each.name,
            )
            for each in partners
        ],
        batch_size=BATCH,
    )
    Quota.objects.bulk_create(
        [
            Quota(selling_partner=each, operation="createFeed", rate=0.0083, burst=15, tokens=7, at=now)
            for each in partners
        ],
        batch_size=BATCH,
    )
    Feed.objects.bulk_create(
        [
            Feed(
                selling_partner=each,
                feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
                marketplace_ids=[place],
                state=FeedState.SETTLED,
                feed_id=str(each.pk),
                body=b"",
                sealed_at=now,
            )
            for each in partners
        ],
        batch_size=BATCH,
    )
    # The columns are filled with "now" when a row is added.
    SellingPartner.objects.update(next_sync_at=later)
    Mailbox.objects.update(next_fetch_at=later)


def _seconds(pid: int) -> float:
    """Return the processor seconds a process has used, its threads and ended children included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS


def _database() -> list[int]:
    """Return the processes of the measurement's own PostgreSQL."""
    postmaster = int((HOME / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


if __name__ == "__main__":
    main()
