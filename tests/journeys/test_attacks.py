"""Attacks by mail in a browser: hundreds of payloads in every place of a mail, and none comes alive.

Everything is looked at twice: as people see it, and with the pages' policy switched off, so that the cleaning
of mails and the escaping of templates must each hold without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, product
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.journeys.attacks import PAYLOADS_PER_MAIL, SELLER, Trap, html_of, mail_of, set_trap
from tests.journeys.conftest import TakeSeat
from tests.journeys.house import House
from tests.mail.payloads import Payload, corpus

CORPUS = corpus()
CHARSETS = ("utf-7", "utf-16", "iso-2022-jp", "windows-1252", "utf-8-sig")
LIVE_AT_LEAST = 100  # of the corpus, by itself, without a click, in a page that is not protected
_ATTACKS = "FROM mostrador_ticket WHERE buyer_address LIKE 'attack%%'"
_OPEN_MAILS = "document.querySelectorAll('details.whole').forEach((one) => { one.open = true; })"
_FRAMES = """(addresses) => Promise.all(addresses.map((address) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.onload = done;
    frame.src = address;
    document.body.append(frame);
})))"""


def _mails() -> list[str]:
    groups = [CORPUS[at : at + PAYLOADS_PER_MAIL] for at in range(0, len(CORPUS), PAYLOADS_PER_MAIL)]
    names = cycle([payload.text for payload in CORPUS if payload.family == "breakouts"])
    mails = [mail_of(group, at, name=[next(names), next(names)]) for at, group in enumerate(groups)]
    lively = [payload for payload in CORPUS if payload.family in ("tags", "handlers")][:12]
    others = [
        mail_of(lively, 900 + at, name=[next(names)], charset=charset) for at, charset in enumerate(CHARSETS)
    ]
    unsaid = mail_of(lively, 950, name=[next(names)], charset="utf-7").replace("; charset=utf-7", "")
    return [*mails, *others, unsaid]


@pytest.fixture(scope="module")
def attacked(house: House) -> dict[int, int]:
    """Deliver every mail; return the tickets they became, with the message of each."""
    mails = _mails()
    for mail in mails:
        house.control("POST", "mail", seller_id=SELLER, raw=mail)
    house.wait(lambda: house.row(f"SELECT count(*) AS n {_ATTACKS}")["n"] == len(mails), "all tickets")
    query = (
        "SELECT t.id, m.id AS message, m.html FROM mostrador_ticket t "
        "JOIN mostrador_message m ON m.ticket_id = t.id WHERE t.buyer_address LIKE 'attack%%' ORDER BY t.id"
    )
    rows = house.database.execute(query).fetchall()
    assert all("Guten Tag" in row["html"] for row in rows[: len(mails) - len(CHARSETS) - 1])
    return {int(row["id"]): int(row["message"]) for row in rows}


@pytest.fixture(params=[False, True], ids=["as people see it", "without the policy"])
def trap(request: pytest.FixtureRequest, browser: Browser, house: House, take: TakeSeat) -> Iterator[Trap]:
    """Marta's browser, in which nothing goes unseen."""
    with take() as seat:
        state = seat.context.storage_state()
    with set_trap(browser, house, state, bypass_csp=request.param) as trap:
        yield trap


def test_the_corpus_is_large_and_without_repeats() -> None:
    shapes = {re.sub(r"\d+", "", payload.text) for payload in CORPUS}
    assert len(shapes) >= 250
    assert len({payload.text for payload in CORPUS}) == len(CORPUS)


def test_the_payloads_are_alive_where_nothing_protects(browser: Browser, house: House) -> None:
    """The proof that the trap catches: the same bodies, not cleaned, in a page of the same browser."""
    alive: set[int] = set()
    for at in range(0, len(CORPUS), PAYLOADS_PER_MAIL):
        alive |= _alive(browser, house, CORPUS[at : at + PAYLOADS_PER_MAIL])
    assert len(alive) >= LIVE_AT_LEAST


def _alive(browser: Browser, house: House, payloads: list[Payload]) -> set[int]:
    with set_trap(browser, house, None, bypass_csp=True) as trap:
        trap.page.route(
            "**/healthz", lambda route: route.fulfill(content_type="text/html", body=html_of(payloads))
        )
        trap.page.goto(f"{house.url}/healthz", wait_until="commit")
        trap.page.wait_for_timeout(250)
        words = " ".join(trap.caught)
        found = re.findall(r"(?:canary |dialog |https?://n)(\d+)", words)
        return {int(number) for number in found} & {payload.number for payload in payloads}


def test_nothing_comes_alive_in_tickets(trap: Trap, house: House, attacked: dict[int, int]) -> None:
    for ticket, message in attacked.items():
        trap.page.goto(f"{house.url}/tickets/{ticket}/")
        with trap.page.expect_response(re.compile(rf"/messages/{message}/html$")):
            trap.page.evaluate(_OPEN_MAILS)
        assert trap.suspects() == []
    assert trap.caught == []
    assert trap.page.url == f"{house.url}/tickets/{ticket}/"


def test_nothing_comes_alive_in_mails_as_they_were_written(
    trap: Trap, house: House, attacked: dict[int, int]
) -> None:
    """Here the frames are not even sandboxed by their element."""
    # The images of a mail are asked of the desk; what it fetches then is the story of test_remote_images.
    trap.page.route(re.compile(r"/messages/\d+/images/\d+"), lambda route: route.abort())
    trap.page.goto(f"{house.url}/help")
    for view in ("html", "with-images"):
        addresses = [f"/messages/{message}/{view}" for message in attacked.values()]
        trap.page.evaluate(_FRAMES, addresses)
    assert len(trap.page.frames) == 1 + 2 * len(attacked)
    assert trap.suspects() == []
    assert trap.caught == []
    assert trap.page.url == f"{house.url}/help"


def test_nothing_comes_alive_in_the_queue_and_in_searches(
    trap: Trap, house: House, attacked: dict[int, int]
) -> None:
    searches = ["", "canary", "script", "evil.example", *(each.text for each in CORPUS[-32::11])]
    for path, search in product(("/", "/queue"), searches):
        trap.page.goto(f"{house.url}{path}?{urlencode({'q': search})}")
        assert trap.page.locator("#rows").count() == 1
        assert trap.suspects() == [], search
        assert trap.page.url.startswith(f"{house.url}{path}?")
    assert trap.caught == []
