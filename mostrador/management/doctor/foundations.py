"""Foundations: the database, its tables, the clock, the disk, the secrets and the people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection

from mostrador.management.doctor.findings import (
    Finding,
    counted,
    fine,
    in_words,
    note,
    of_condition,
    trouble,
)
from mostrador.models import Agent, Mailbox, SellingPartner
from mostrador.models.secrets import SecretUnreadable
from mostrador.tasks import lateness

CLOCKS_MAY_DIFFER = timedelta(seconds=5)
BYTES_WANTED_FREE = 500_000_000


def database(now: datetime) -> Iterator[Finding]:
    """Ask the database for its version."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except OperationalError as error:
        yield trouble(
            "database",
            f"The database does not answer: {str(error).strip()}",
            "Check DATABASE_URL, and that PostgreSQL runs and lets this machine in.",
        )
        return
    yield fine("database", f"PostgreSQL {version} answers.")


def migrations(now: datetime) -> Iterator[Finding]:
    """Compare the tables with what this version of the code expects."""
    yield of_condition(lateness.migrations())


def clock(now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        gap = abs(cursor.fetchone()[0] - now)
    if gap > CLOCKS_MAY_DIFFER:
        yield trouble(
            "clock",
            f"The clocks of this machine and of the database are {in_words(gap)} apart.",
            "Let both machines take their time from NTP.",
        )
        return
    if settings.TIME_ZONE != "UTC":
        yield trouble(
            "clock", f"TIME_ZONE is {settings.TIME_ZONE}, not UTC.", "Leave TIME_ZONE of the settings at UTC."
        )
        return
    yield fine("clock", f"The clocks agree: {now:%Y-%m-%d %H:%M:%S} UTC.")


def disk(now: datetime) -> Iterator[Finding]:
    """Look how much room is left for the data folder."""
    if not settings.DATA_DIR.exists():
        yield note("disk", f"The data folder {settings.DATA_DIR} does not exist yet.")
        return
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < BYTES_WANTED_FREE:
        yield trouble(
            "disk",
            f"Only {free // 1_000_000} MB are free for {settings.DATA_DIR}.",
            "Make room on that disk.",
        )
        return
    yield fine("disk", f"{free // 1_000_000_000} GB are free for the data folder.")


def secrets(now: datetime) -> Iterator[Finding]:
    """Open every stored secret once."""
    opened = 0
    for partner in SellingPartner.objects.order_by("name"):
        try:
            _ = partner.client_secret(), partner.refresh_token()
            opened += 1
        except SecretUnreadable:
            yield trouble(
                "secrets",
                f"The stored credentials of {partner.name} ({partner.region}) cannot be opened.",
                "Set MOSTRADOR_SECRET_KEY (or MOSTRADOR_OLD_SECRET_KEYS) to the key they were stored with, "
                "or connect it again: mostrador connect",
            )
    for mailbox in Mailbox.objects.select_related("selling_partner").order_by("from_address"):
        try:
            _ = mailbox.secret(), mailbox.smtp_secret()
            opened += 1
        except SecretUnreadable:
            yield trouble(
                "secrets",
                f"The stored passwords of the mailbox {mailbox.from_address} cannot be opened.",
                "Set MOSTRADOR_SECRET_KEY to the key they were stored with, or add the mailbox again: "
                "mostrador add-mailbox",
            )
    yield fine("secrets", f"The secrets of {counted(opened, 'row')} can be opened.")


def people(now: datetime) -> Iterator[Finding]:
    """Look whether anybody can sign in, and whether an owner is among them."""
    active = Agent.objects.filter(is_active=True)
    if not active.exists():
        yield note(
            "people",
            "Nobody can sign in yet.",
            "Run: mostrador add-agent --email E --password-file F --owner",
        )
        return
    if not active.filter(is_owner=True).exists():
        yield note("people", "No active agent is an owner.", "Run: mostrador add-agent … --owner")
        return
    yield fine("people", f"{counted(active.count(), 'agent')} can sign in.")
