"""Reports: a corpus of odd processing reports and thousands of mutations; none is believed without reason."""

from __future__ import annotations

import gzip
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import etree

from mostrador.amazon import processing_reports
from mostrador.amazon.feeds import FeedType
from mostrador.amazon.processing_reports import Outcome
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.models import Feed
from mostrador.tasks import reports
from tests.faults.figures import figure, row, share_of
from tests.makers import make_order, make_refund

IDS = (101, 102, 103)
REFUSED = "25161"


@dataclass(frozen=True)
class Sheet:
    """A report as Amazon would write it: (MessageID, ResultCode, code) of each result, and the counts."""

    results: tuple[tuple[str, str, str], ...] = ()
    processed: str = "3"
    successful: str = ""
    errors: str = ""
    warnings: str = ""
    status: str = "Complete"
    message_type: str = "ProcessingReport"

    def render(self) -> bytes:
        """Return its bytes."""
        bad = sum(kind == "Error" for _, kind, _ in self.results)
        odd = sum(kind == "Warning" for _, kind, _ in self.results)
        lines = "".join(
            f"<Result><MessageID>{n}</MessageID><ResultCode>{kind}</ResultCode>"
            f"<ResultMessageCode>{code}</ResultMessageCode><ResultDescription>no</ResultDescription></Result>"
            for n, kind, code in self.results
        )
        good = self.successful or str(3 - bad)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.02'
            "</DocumentVersion><MerchantIdentifier>M</MerchantIdentifier></Header>"
            f"<MessageType>{self.message_type}</MessageType><Message><MessageID>1</MessageID><ProcessingReport>"
            f"<DocumentTransactionID>5</DocumentTransactionID><StatusCode>{self.status}</StatusCode>"
            f"<ProcessingSummary><MessagesProcessed>{self.processed}</MessagesProcessed>"
            f"<MessagesSuccessful>{good}</MessagesSuccessful>"
            f"<MessagesWithError>{self.errors or bad}</MessagesWithError>"
            f"<MessagesWithWarning>{self.warnings or odd}</MessagesWithWarning></ProcessingSummary>"
            f"{lines}</ProcessingReport></Message></AmazonEnvelope>"
        ).encode()


GOOD = Sheet().render()
ONE_REFUSED = Sheet((("102", "Error", REFUSED),)).render()


def truth(body: bytes) -> dict[int, Outcome] | None:
    """Return what a report proves, read anew and apart from the product's reader; nothing where it is odd.

    The oracle believes only what Amazon's schema shows and what adds up to the last count.
    """
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.doctype or root.tag != "AmazonEnvelope":
        return None
    found = root.findall("Message/ProcessingReport")
    if len(found) != 1 or [each.text for each in root.findall("MessageType")] != ["ProcessingReport"]:
        return None
    summary = found[0].findall("ProcessingSummary")
    if len(summary) != 1 or [e.text for e in found[0].findall("StatusCode")] != ["Complete"]:
        return None
    names = ("MessagesProcessed", "MessagesSuccessful", "MessagesWithError", "MessagesWithWarning")
    texts = [[each.text or "" for each in summary[0].findall(name)] for name in names]
    if any(len(each) != 1 or not re.fullmatch(r"\s*[0-9]{1,20}\s*", each[0]) for each in texts):
        return None
    processed, successful, errors, _ = (int(each[0]) for each in texts)
    named = [int(e.findtext("MessageID") or "0") for e in found[0].findall("Result") if _is_number(e)]
    if len(named) != len(found[0].findall("Result")) or set(named) - set(IDS):
        return None
    bad = {int(e.findtext("MessageID") or "0") for e in found[0].findall("Result") if _is_error(e)}
    if (processed, errors) != (len(IDS), len(bad)) or successful > processed - errors:
        return None
    return {n: Outcome.ACCEPTED if n not in named else Outcome.REVIEW for n in IDS}


def _is_number(result: etree._Element) -> bool:
    return re.fullmatch(r"\s*[0-9]{1,20}\s*", result.findtext("MessageID") or "") is not None


def _is_error(result: etree._Element) -> bool:
    return (result.findtext("ResultCode") or "").strip() == "Error"


# ── F13: the corpus ───────────────────────────────────────────────────────────────────────────────────────


def corpus() -> dict[str, bytes]:
    """Return more than 120 odd reports by name."""
    odd: dict[str, bytes] = {
        "missing": b"",
        "blank": b" \n\t",
        "html": b"<html><body>Service Unavailable</body></html>",
        "json": b'{"errors":[]}',
        "not unpacked": gzip.compress(GOOD),
        "gz cut off": gzip.compress(GOOD)[:-9],
        "bom in the middle": GOOD[:50] + b"\xef\xbb\xbf" + GOOD[50:],
        "utf-16 that lies": GOOD.replace(b"UTF-8", b"UTF-16"),
        "an unknown encoding": GOOD.replace(b"UTF-8", b"X-NONE"),
        "DTD": GOOD.replace(b"<AmazonEnvelope>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><AmazonEnvelope>", 1),
        "entity": GOOD.replace(b">3<", b">&three;<", 1),
        "two reports": GOOD.replace(b"</Message>", b"</Message><Message><ProcessingReport/></Message>", 1),
        "two roots": GOOD + GOOD,
        "an element in a field": GOOD.replace(b">Complete<", b"><MessageID>1</MessageID>Complete<"),
        "rubbish behind": GOOD + b"rubbish",
        "nested too deep": b"<AmazonEnvelope>" * 500,
        "another envelope": GOOD.replace(b"AmazonEnvelope", b"OtherEnvelope"),
        "a feed instead": Sheet(message_type="OrderAdjustment").render(),
        "NUL": GOOD.replace(b"Complete", b"Comp\x00lete"),
    }
    for status in ("Processing", "Rejected", "complete", "", "COMPLETE", "Complete Complete"):
        odd[f"status {status!r}"] = Sheet(status=status).render()
    for text in ("0", "2", "4", "-3", "3.0", "", "³", "٣", "99999999999999999999999", "three", "+3", "0x3"):
        odd[f"processed {text!r}"] = (
            Sheet(processed=text).render() if text else GOOD.replace(b">3<", b"><", 1)
        )
        odd[f"with error {text!r}"] = Sheet(errors=text or " ").render()
        odd[f"successful {text!r}"] = Sheet(successful=text or " ").render()
        odd[f"warnings {text!r}"] = Sheet(warnings=text or "x").render()
    for number in ("0", "104", "", "-101", "1e2", "101 102", "１０１", "99999999999999999999999", "one"):
        odd[f"names message {number!r}"] = Sheet(((number, "Error", REFUSED),)).render()
        odd[f"warns about {number!r}"] = Sheet(((number, "Warning", "1"),)).render()
    for name in (b"MessagesProcessed", b"MessagesSuccessful", b"MessagesWithError", b"MessagesWithWarning"):
        odd[f"without {name.decode()}"] = GOOD.replace(name, b"Other")
        odd[f"{name.decode()} twice"] = GOOD.replace(
            b"</ProcessingSummary>", b"<%b>3</%b></ProcessingSummary>" % (name, name)
        )
    for at in range(40, len(GOOD), 17):
        odd[f"cut off at {at}"] = GOOD[:at]
    return odd


def test_of_an_odd_report_nothing_is_accepted() -> None:
    with row("F13 corpus of odd reports") as (entry, _):
        for name, body in corpus().items():
            said = processing_reports.read(body, expected=IDS).by_message
            proven = truth(body)
            for number, verdict in said.items():
                wrongly = (
                    verdict.outcome is Outcome.ACCEPTED and (proven or {}).get(number) is not Outcome.ACCEPTED
                )
                entry.false_accepted += wrongly
                entry.false_rejected += verdict.outcome is Outcome.REJECTED and not proven
                if wrongly:
                    entry.wrong.append(f"{name}: {number} was accepted")
            entry.count()
        assert entry.done >= 120
        assert {v.outcome for v in processing_reports.read(GOOD, expected=IDS).by_message.values()} == {
            "accepted"
        }


# ── F14: fuzzing ──────────────────────────────────────────────────────────────────────────────────────────

TAGS = [
    b"<Result>",
    b"</Result>",
    b"<MessageID>102</MessageID>",
    b"Error",
    b"Warning",
    b"25161",
    b"99",
    b"3",
    b"0",
]


def _flip(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]


def _cut(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def _drop(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + body[at + rng.randrange(1, 60) :]


def _double(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    end = at + rng.randrange(1, 200)
    return body[:end] + body[at:end] + body[end:]


def _swap(rng: random.Random, body: bytes) -> bytes:
    return body.replace(rng.choice(TAGS), rng.choice(TAGS), rng.randrange(1, 3))


def _insert(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + rng.choice(TAGS) + body[at:]


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flip, _cut, _drop, _double, _swap, _insert)
SEEDS = (
    GOOD,
    ONE_REFUSED,
    Sheet((("101", "Error", "99999"), ("103", "Warning", "5"))).render(),
    Sheet((("101", "Error", REFUSED), ("102", "Error", REFUSED), ("103", "Error", REFUSED))).render(),
)


def test_fuzzed_reports_never_make_an_acceptance_the_oracle_denies() -> None:
    trials = share_of(range(figure(sample=2_000, full=50_000, night=1_000_000)))
    slowest = 0.0
    accepted = 0
    with row("F14 fuzzed reports") as (entry, rng):
        for _ in trials:
            body = rng.choice(SEEDS)
            for _ in range(rng.choice((1, 1, 2, 5))):
                body = rng.choice(MUTATIONS)(rng, body) or b"<"
            began = time.perf_counter()
            said = processing_reports.read(body, expected=IDS).by_message
            slowest = max(slowest, time.perf_counter() - began)
            proven = truth(body) or {}
            for number, verdict in said.items():
                accepted += verdict.outcome is Outcome.ACCEPTED
                if verdict.outcome is Outcome.ACCEPTED and proven.get(number) is not Outcome.ACCEPTED:
                    entry.false_accepted += 1
                    entry.wrong.append(repr(body))
            entry.count()
        entry.measure("slowest reading", slowest)
        entry.tally["messages rightly accepted"] = accepted
        assert slowest < 1.0


# ── through the settling ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_a_fuzzed_report_settles_into_what_was_read() -> None:
    trials = share_of(range(figure(sample=15, full=300)))
    with row("F14 fuzzed reports, settled in the database") as (entry, rng):
        for _ in trials:
            refund = make_refund(order=make_order())
            now = timezone.now()
            feed = Feed.objects.begin(
                partner=refund.selling_partner,
                feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
                marketplace_ids=["A1PA6795UKMFR9"],
                now=now,
            )
            message = feed.add(refund)
            feed.seal(b"<AmazonEnvelope/>")
            refund.move(State.SENDING, now=now)
            refund.move(State.SENT, now=now, sent_at=now)
            sent = rules.Feed(
                rules.FeedState.SENT,
                frozenset({message.pk}),
                sent_at=now,
                feed_id=f"5{feed.pk}",
                next_action_at=now,
            )
            feed.put(sent, now=now + timedelta(0))
            body = rng.choice(SEEDS).replace(b">3<", b">1<").replace(b">102<", f">{message.pk}<".encode())
            for _ in range(rng.choice((0, 1, 1, 2))):
                body = rng.choice(MUTATIONS)(rng, body) or b"<"
            feed.keep_report(body)
            read = processing_reports.read(body, expected=[message.pk]).by_message[message.pk]
            reports.read(feed, now)
            refund.refresh_from_db()
            if refund.state != read.outcome.value:
                entry.wrong.append(f"{read.outcome} became {refund.state}: {body!r}")
            entry.count()
