"""The network: broken connections at every endpoint, angry answers, and answers that were lost."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from mostrador.amazon import client as amazon_client
from mostrador.amazon import feeds as amazon_feeds
from mostrador.amazon import lwa, wire
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, Quota
from mostrador.tasks import gate
from tests.faults import hand
from tests.faults.figures import SHARES, SIZE, Row, figure, row, share_of
from tests.faults.market import Asked, Market, open_market, read_orders
from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

# The first lines of the calls a refund needs, and of the call before each: refusing begins there.
ENDPOINTS = {
    "token": "POST /auth/",
    "createFeedDocument": "POST /feeds/.*/documents",
    "uploadDocument": "PUT /documents/",
    "createFeed": "POST /feeds/.*/feeds ",
    "getFeed": "GET /feeds/.*/feeds/",
    "getFeedDocument": "GET /feeds/.*/documents/",
    "downloadDocument": "GET /documents/",
    "getFeeds": r"GET /feeds/.*/feeds\?",
}
BEFORE = {
    "createFeedDocument": "token",
    "uploadDocument": "createFeedDocument",
    "createFeed": "uploadDocument",
    "getFeed": "createFeed",
    "getFeedDocument": "getFeed",
    "downloadDocument": "getFeedDocument",
}
OTHERS = ("dns", "tls")  # not of the proxy: a name nobody knows, and a server that speaks no TLS
# What createFeed's faults mean: nothing was written, or anything may have happened.
CERTAIN = (Fault.REFUSE_NEXT, *OTHERS)
TIMEOUT = 0.8 if SIZE else 0.4  # the whole proof shares the machine with itself


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time-outs come in a fraction of a second; they are numbers, nothing else changes."""
    monkeypatch.setattr(amazon_feeds, "SEND_READ_SECONDS", TIMEOUT)
    monkeypatch.setattr(amazon_client, "DOCUMENT_SECONDS", TIMEOUT)
    monkeypatch.setattr(lwa, "READ_SECONDS", TIMEOUT)
    monkeypatch.setattr(wire, "BODY_SECONDS", -4.5)
    monkeypatch.setitem(amazon_client.Client.call.__kwdefaults__, "read_timeout", TIMEOUT)  # type: ignore[index]


def matrix(rng: random.Random, wanted: int) -> list[tuple[str, str]]:
    """Return (endpoint, fault) pairs: all of them in the order of the seed, again and again."""
    pairs = [(e, f.value) for e, f in itertools.product(ENDPOINTS, Fault)]
    pairs = [(e, f) for e, f in pairs if f != Fault.REFUSE_NEXT or e in BEFORE]
    pairs += itertools.product(("createFeedDocument", "createFeed"), OTHERS)
    sure = [("createFeed", f.value) for f in Fault] + [("createFeed", other) for other in OTHERS]
    rest = rng.sample(pairs, len(pairs))
    return list(itertools.islice(itertools.chain(sure, itertools.cycle(rest)), wanted))


@pytest.mark.usefixtures("_impatient")
def test_a_broken_network_is_classed_right_and_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    wanted = figure(sample=24, full=840)
    options = ("--assume", "document-reuse=refuse")
    with (
        row("F3 network faults x endpoints") as (entry, _),
        open_market(
            tmp_path, settings, sellers=4 + wanted // SHARES // 6, cancellable_each=0, options=options
        ) as market,
        Proxy(market.simulator.url, drip_seconds=0.05) as proxy,
    ):
        read_orders(market)
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = proxy.url
        sellers = itertools.cycle(market.sellers())
        for endpoint, fault in share_of(matrix(random.Random(entry.seed), wanted)):
            gate._clients.clear()  # a new token each time
            asked = market.ask("partial", next(sellers))
            break_one(market, proxy, settings, asked, endpoint, fault, entry)
            proxy.heal()
            hand.finish(market, asked)
            entry.count()
        market.tell(entry)
        check_sends(market, entry)


def break_one(
    market: Market,
    proxy: Proxy,
    settings: SettingsWrapper,
    asked: Asked,
    endpoint: str,
    fault: str,
    entry: Row,
) -> None:
    """Carry one refund into the fault, and look at once what the desk makes of it."""
    if fault in OTHERS:
        break_address(market, proxy, settings, asked, endpoint, fault)
    else:
        known = Fault(fault)
        at = BEFORE[endpoint] if known is Fault.REFUSE_NEXT else endpoint
        if endpoint == "getFeeds":
            proxy.arm(Fault.RESET_AFTER, ENDPOINTS["createFeed"])
        proxy.arm(known, ENDPOINTS[at])
        hand.dispatch(market, asked)
        for _ in range(8):
            if any(f is known for f, _ in proxy.met):
                break
            feed = hand.feed_of(asked)
            if feed is not None and feed.state == FeedState.UNKNOWN:
                market.age_lost(pk=feed.pk)
            hand.follow(asked)
        else:
            entry.wrong.append(f"{fault} at {endpoint} was never met")
        proxy.met.clear()
    if endpoint == "createFeed":
        classify(asked, fault, entry)


def break_address(
    market: Market, proxy: Proxy, settings: SettingsWrapper, asked: Asked, endpoint: str, fault: str
) -> None:
    """Let Amazon's name be unknown, or its server speak no TLS."""
    if endpoint == "createFeed":  # bring it to the door first
        proxy.arm(Fault.REFUSE_NEXT, ENDPOINTS["uploadDocument"])
        hand.dispatch(market, asked)
        proxy.heal()
        gate._clients.clear()
    wrong = "https://nowhere.invalid" if fault == "dns" else f"https://127.0.0.1:{proxy.port}"
    settings.SPAPI_ENDPOINT = wrong
    hand.dispatch(market, asked)
    hand.follow(asked)
    settings.SPAPI_ENDPOINT = proxy.url
    gate._clients.clear()


def classify(asked: Asked, fault: str, entry: Row) -> None:
    """Hold what the desk believes against the table of docs/reference/once-only.md."""
    feed = hand.feed_of(asked)
    state = feed.state if feed else "none"
    expected = (FeedState.STAGED,) if fault in CERTAIN else (FeedState.UNKNOWN,)
    if fault in (Fault.DUPLICATE, Fault.DRIP):  # answered after all, or too slowly
        expected = (FeedState.SENT, FeedState.SETTLED, FeedState.UNKNOWN)
    if state not in expected:
        entry.wrong.append(f"createFeed with {fault} made the feed {state}, not {expected}")


def check_sends(market: Market, entry: Row) -> None:
    """Every createFeed that was answered with a yes belongs to a feed of its own."""
    yes = [call["feed_id"] for call in market.calls("createFeed") if call["status"] in (200, 202)]
    ours = Counter(Feed.objects.exclude(feed_id="").values_list("feed_id", flat=True))
    if len(set(yes)) != len(yes) or any(n > 1 for n in ours.values()):
        entry.wrong.append("one feed was made twice")


# ── F4: angry answers ─────────────────────────────────────────────────────────────────────────────────────

STATUSES = (429, 500, 503, 502, 504)


def test_angry_answers_are_never_answered_by_a_second_send(tmp_path: Path, settings: SettingsWrapper) -> None:
    trials = share_of(range(figure(sample=15, full=500)))
    with (
        row("F4 429, 500, 502, 503, 504 at 0-50 %") as (entry, rng),
        open_market(tmp_path, settings, sellers=4 + len(trials) // 2, cancellable_each=0) as market,
    ):
        read_orders(market)
        for number in range(len(trials)):
            rate = rng.choice((0.0, 0.1, 0.3, 0.5))
            market.control("DELETE", "faults")
            for operation in ("createFeed", "createFeedDocument", "getFeed", "getFeedDocument", "getFeeds"):
                market.fault(
                    action="status",
                    status=rng.choice(STATUSES),
                    operation=operation,
                    times=None,
                    probability=rate,
                )
            asked = market.ask("partial", market.sellers()[number % len(market.sellers())])
            hand.finish(market, asked)
            entry.count()
        market.control("DELETE", "faults")
        market.tell(entry)
        check_ambiguous(market, entry)
        entry.tally["calls over a bucket"] = over_the_bucket(market)


def check_ambiguous(market: Market, entry: Row) -> None:
    """After a 5xx of createFeed the same feed is never sent again: one 5xx, one feed that became unknown."""
    lost = sum(call["status"] >= 500 or call["status"] == 0 for call in market.calls("createFeed"))
    unknown = Feed.objects.filter(state=FeedState.ABSENT).count()
    if lost != unknown:
        entry.wrong.append(f"{lost} createFeed calls were lost, but {unknown} feeds were proven absent")


def over_the_bucket(market: Market) -> int:
    """Return how many calls Amazon refused for its bucket, those ordered by a fault left out."""
    calls = market.control("GET", "requests")["requests"]
    return sum(call["status"] == 429 and not call["fault"] for call in calls)


# ── F5: lost answers ──────────────────────────────────────────────────────────────────────────────────────


def test_a_feed_whose_answer_was_lost_is_adopted_and_no_foreign_one(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    trials = share_of(range(figure(sample=12, full=300)))
    with (
        row("F5 lost answers, late lists, foreign feeds") as (entry, rng),
        open_market(tmp_path, settings, sellers=4 + len(trials) // 3, cancellable_each=0) as market,
    ):
        read_orders(market)
        for number in range(len(trials)):
            seller = market.sellers()[number % len(market.sellers())]
            story = rng.choice(("found", "found", "late", "never came", "foreign too"))
            entry.tally[f"{story}: {lose_one(market, rng, seller, story, entry)}"] += 1
            entry.count()
        market.tell(entry)


def lose_one(market: Market, rng: random.Random, seller: str, story: str, entry: Row) -> State:
    """Lose one answer of createFeed as the story tells, and return what the desk finds out."""
    market.control("DELETE", "faults")
    lost = "drop_before" if story == "never came" else rng.choice(("drop_after", "truncate", "garbage"))
    market.fault(action=lost, operation="createFeed", times=1)
    asked = market.ask("partial", seller)
    if story == "late":
        market.fault(action="listing_lag", operation="*", seconds=3600, times=None, seller_id=seller)
    hand.dispatch(market, asked)
    if asked.state() is not State.UNKNOWN:
        entry.wrong.append(f"{story}: {lost} made it {asked.state()}")
    feed = hand.feed_of(asked)
    assert feed is not None
    if story == "foreign too":
        foreign_feed(market, seller, feed)
    if story == "late":
        for _ in range(rng.randint(1, 2)):  # looks that find nothing, before the fence
            hand.follow(asked)
        if asked.state() is not State.UNKNOWN:
            entry.wrong.append(f"an empty list before the fence made it {asked.state()}")
        market.control("DELETE", "faults")
    state = hand.finish(market, asked)
    if story == "foreign too":
        market.shared_sellers.add(seller)
    expected = {
        "found": (State.ACCEPTED, State.CONFIRMED),
        "late": (State.ACCEPTED, State.CONFIRMED),
        "never came": (State.NOT_SENT,),
        "foreign too": (State.REVIEW,),
    }[story]
    if seller in market.shared_sellers and story in ("found", "late"):
        expected = (*expected, State.REVIEW)  # other programs' feeds were seen: it may be one of theirs
    if state not in expected:
        feed.refresh_from_db()
        entry.wrong.append(
            f"{story} of {seller}: {state} ({feed.trouble}{asked.action.answer_words} {feed.feed_id})"
        )
    return state


def foreign_feed(market: Market, seller_id: str, feed: Feed) -> None:
    """Let other software of the seller send a feed of the same type a moment later."""
    now = timezone.now()
    client = gate.client_for(market.partners[seller_id])
    document = amazon_feeds.create_feed_document(client, now=now)
    amazon_feeds.upload(client, url=document.url, body=b"<AmazonEnvelope/>")
    amazon_feeds.create_feed(
        client,
        feed_type=amazon_feeds.FeedType(feed.feed_type),
        marketplace_ids=feed.marketplace_ids,
        document_id=document.document_id,
        token=client.tokens.token(now),
        deadline=wire.boot_clock() + 60,
        now=now,
    )
    Quota.objects.take(partner=market.partners[seller_id], operation="createFeed", now=now)
