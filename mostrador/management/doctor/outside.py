"""Outside: what selling partners, their orders and their mailboxes complain about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from mostrador.management.doctor.findings import Finding, counted, fine, in_words, note, trouble
from mostrador.models import BrokenRule, Mailbox, RawMail, SellingPartner

MOST_RULES = 10
MAY_BE_LATE = timedelta(minutes=5)
MAIL_MAY_WAIT = timedelta(minutes=2)


def selling_partners(now: datetime) -> Iterator[Finding]:
    """Look whether any is connected, and which of them are paused."""
    known = SellingPartner.objects.order_by("name")
    if not known:
        yield note("selling partners", "None is connected yet.", "Run: mostrador connect --help")
        return
    paused = [partner for partner in known if partner.paused_at]
    for partner in paused:
        yield from _broken_rules(partner, now)
        yield trouble(
            "selling partners",
            f"{partner.name} ({partner.region}) is paused, nothing is sent for it: {partner.paused_because}",
            f"Settle the reason, then: mostrador resume --seller {partner.seller_id}",
        )
    if not paused:
        yield fine("selling partners", f"{counted(len(known), 'selling partner')} connected.")


def _broken_rules(partner: SellingPartner, now: datetime) -> Iterator[Finding]:
    """Tell which rules broke since the selling partner is paused, where, and what they are about."""
    if not partner.broke_a_rule:
        return
    for broken in BrokenRule.objects.since_paused(partner)[:MOST_RULES]:
        feeds = "; ".join(_feed_words(each) for each in broken.about.get("feeds", []))
        yield trouble(
            "invariants",
            f"A rule of money safety did not hold for {partner.name} ({partner.region}), "
            f"{counted(broken.times, 'time')}, last {in_words(now - broken.last_at)} ago: {broken.rule} "
            f"(in {broken.task}, {broken.place}; {feeds or 'no feed under way'}).",
            "Look at those orders in Seller Central, report it with this text, and resume only when the rows "
            "are right: docs/reference/once-only.md, When a rule breaks.",
        )


def _feed_words(feed: Mapping[str, Any]) -> str:
    actions = ", ".join(f"{each['action']} {each['state']}" for each in feed["actions"])
    name = f"feed {feed['feed_id'] or 'without an id'} (row {feed['feed']}, {feed['state']})"
    return f"{name}: {actions or 'no action'}"


def orders(now: datetime) -> Iterator[Finding]:
    """Look whose orders could not be read, or were not read in time."""
    sick = False
    for partner in SellingPartner.objects.filter(paused_at=None).order_by("name"):
        if partner.sync_trouble:
            sick = True
            yield trouble(
                "orders",
                f"The orders of {partner.name} ({partner.region}) could not be read: {partner.sync_trouble}",
                f"Check its credentials and roles, then: mostrador sync --seller {partner.seller_id} --once",
            )
        elif now - partner.next_sync_at > MAY_BE_LATE:
            sick = True
            late = in_words(now - partner.next_sync_at)
            yield trouble(
                "orders",
                f"The orders of {partner.name} ({partner.region}) should have been read {late} ago.",
                "See whether a worker runs: mostrador worker",
            )
    if not sick:
        yield fine("orders", "Orders are read on time.")


def mailboxes(now: datetime) -> Iterator[Finding]:
    """Look which mailboxes could not be read, or were not read in time."""
    known = Mailbox.objects.order_by("from_address")
    without = SellingPartner.objects.filter(mailboxes=None).order_by("name")
    for partner in without:
        yield note(
            "mailboxes",
            f"{partner.name} ({partner.region}) has no mailbox: its buyers' mails do not arrive here.",
            f"Run: mostrador add-mailbox --seller {partner.seller_id} …",
        )
    sick = False
    for mailbox in known:
        late = now - (mailbox.fetched_at or mailbox.next_fetch_at)
        if mailbox.trouble:
            sick = True
            yield trouble(
                "mailboxes",
                f"The mailbox {mailbox.from_address} could not be read: {mailbox.trouble}",
                "Check its address and password, then try: mostrador fetch-mail --once",
            )
        elif late > MAY_BE_LATE + timedelta(seconds=2 * settings.MAIL_EVERY_SECONDS):
            sick = True
            yield trouble(
                "mailboxes",
                f"The mailbox {mailbox.from_address} was not looked into for {in_words(late)}.",
                "See whether a worker runs: mostrador worker",
            )
    if known and not sick:
        yield fine("mailboxes", f"{counted(len(known), 'mailbox').replace('xs', 'xes')} read on time.")


def unread_mail(now: datetime) -> Iterator[Finding]:
    """Look for mail that was stored but not read into a ticket."""
    waiting = RawMail.objects.unread()
    oldest = waiting.first()
    if oldest is not None and now - oldest.received_at > MAIL_MAY_WAIT:
        yield trouble(
            "mail",
            f"{counted(waiting.count(), 'mail')} stored but not in a ticket; the oldest waits for "
            f"{in_words(now - oldest.received_at)}.",
            "See what the worker's log says about messages.read_waiting.",
        )
        return
    yield fine("mail", "Every mail that arrived is in a ticket.")
