"""Peer pages: what one person asks Mostrador and django-helpdesk for, and how long each answer takes."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
from django.db import connection

from bench.stock import SEED
from mostrador.domain.tickets import TicketState
from mostrador.models import Message, Ticket

ROUNDS = 4
REQUESTS = 40  # a block of each side in each round
SECONDS = 6.0  # after which a block ends early
WARM_UP_SECONDS = 2.0
SAMPLE = 400
AS_THE_QUEUE_ASKS = {"HX-Request": "true", "HX-Target": "ticket"}
OPEN, CLOSED = [1, 2], [4]
T = TypeVar("T")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Question:
    """One request; with a form it is a POST, and `answer` is the status that says it was taken."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    answer: int = http.client.OK


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing asked of both; more than one question is what a browser asks one after the other."""

    name: str
    ours: Callable[[Random], list[Question]]
    theirs: Callable[[Random], list[Question]]
    aim: str = ""


class Visitor:
    """Somebody who has signed in, on one connection."""

    def __init__(self, client: httpx.Client) -> None:
        self.url = str(client.base_url)
        self.cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        where = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=120)
        page = client.get(f"/tickets/{Ticket.objects.latest('pk').pk}/").raise_for_status().text
        self.token = page.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]
        self.chance = Random(SEED)  # noqa: S311  # which ticket comes next

    def ask(self, questions: list[Question]) -> float:
        """Ask, and return the seconds until the last byte has come.

        Raises: RuntimeError for an answer that is not the one expected.
        """
        began = time.perf_counter()
        for question in questions:
            self._one(question)
        return time.perf_counter() - began

    def _one(self, question: Question) -> None:
        headers = {"Cookie": self.cookie, **question.headers}
        if question.form is None:
            self.connection.request("GET", question.path, headers=headers)
        else:
            body = urlencode({"csrfmiddlewaretoken": self.token, **question.form})
            self.connection.request("POST", question.path, body, {**headers, **FORM, "Referer": self.url})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != question.answer:
            raise RuntimeError(f"{self.url}{question.path} answered {answer.status}: {text[-2000:]!r}")


def compare(pair: Pair, here: Visitor, there: Visitor) -> tuple[list[float], list[float]]:
    """Return how long each side took for each, in blocks that take turns."""
    ours: list[float] = []
    theirs: list[float] = []
    for round_number in range(ROUNDS):
        for visitor, wish, times in ((here, pair.ours, ours), (there, pair.theirs, theirs)):
            if round_number == 0:
                visitor.chance.seed(SEED)
                _block(visitor, wish, WARM_UP_SECONDS)
            times += _block(visitor, wish, SECONDS)
    return ours, theirs


def _block(visitor: Visitor, wish: Callable[[Random], list[Question]], seconds: float) -> list[float]:
    until = time.monotonic() + seconds
    times: list[float] = []
    while len(times) < REQUESTS and (not times or time.monotonic() < until):
        times.append(visitor.ask(wish(visitor.chance)))
    return times


def pages() -> Iterator[Pair]:
    """Return lists, tickets and searches."""
    yield Pair("list: inbox / its default rows", _get("/"), _rows(OPEN), "≥ 10")
    both = [Question("/tickets/"), *_rows(OPEN)(Random())]  # noqa: S311
    yield Pair("list: inbox / its page and its rows", _get("/"), lambda _: both)
    yield Pair("list: closed", _get("/queue?list=closed"), _rows(CLOSED))
    yield Pair("list: all", _get("/queue?list=all"), _rows())
    tickets = list(Ticket.objects.order_by("?").values_list("pk", flat=True)[:SAMPLE])
    view = _drawn(tickets, lambda pk: Question(f"/tickets/{pk}/"))
    chosen = _drawn(tickets, lambda pk: Question(f"/tickets/{pk}/", AS_THE_QUEUE_ASKS))
    yield Pair("ticket: chosen in the queue / its page", chosen, view, "≥ 3")
    yield Pair("ticket: whole page / its page", view, view)
    for name, words in _searches().items():
        ours = _drawn(words, lambda word: Question(f"/queue?list=all&q={quote(word)}"))
        theirs = _drawn(words, lambda word: _asked_rows({}, word))
        yield Pair(f"search: {name}", ours, theirs, "≥ 20")


def replies() -> Iterator[Pair]:
    """Return the answers to buyers, alone and with what the browser then shows."""
    tickets = list(Ticket.objects.filter(state=TicketState.OPEN).values("pk", "subject", "mailbox_id"))
    numbers = count()

    def ours(chance: Random) -> list[Question]:
        pk = chance.choice(tickets)["pk"]
        form = {
            "kind": "reply",
            "text": _answer(next(numbers)),
            "press": "send",
            "request_key": uuid.uuid4().hex,
        }
        return [
            Question(f"/tickets/{pk}/reply", {"HX-Request": "true"}, form),
            Question(f"/tickets/{pk}/live", {"HX-Request": "true"}),
        ]

    def theirs(chance: Random) -> list[Question]:
        ticket = chance.choice(tickets)
        form = {
            "title": ticket["subject"],
            "queue": str(ticket["mailbox_id"]),
            "priority": "3",
            "new_status": "1",
            "owner": "0",
            "public": "1",
            "comment": _answer(next(numbers)),
        }
        path = f"/tickets/{ticket['pk']}/"
        return [Question(f"{path}update/", {}, form, http.client.FOUND), Question(path)]

    yield Pair("reply: the POST", lambda r: ours(r)[:1], lambda r: theirs(r)[:1], "≥ 2")
    yield Pair("reply: until it is on the screen", ours, theirs)


def _answer(number: int) -> str:
    return f"We have sent a new lampshade for lamp {number} today; the parcel should be with you on Friday."


def _searches() -> dict[str, list[str]]:
    """Return words to look for, drawn from what buyers wrote first, where the peer looks too."""
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ON (ticket_id) text, from_name FROM {table} WHERE ticket_id IN "  # noqa: S608
            f"(SELECT ticket_id FROM {table} ORDER BY random() LIMIT %s) ORDER BY ticket_id, at",
            [SAMPLE],
        )
        found = cursor.fetchall()
    return {
        "a word of a buyer": [text.split()[-1] for text, _ in found],
        "a buyer's name": [name for _, name in found],
        "a common word": ["Paket", "pedido", "lamp", "money", "colore"],
        "nothing that is there": [f"absent{number}" for number in range(50)],
    }


def _get(path: str) -> Callable[[Random], list[Question]]:
    return lambda _: [Question(path)]


def _drawn(values: list[T], question: Callable[[T], Question]) -> Callable[[Random], list[Question]]:
    return lambda chance: [question(chance.choice(values))]


def _rows(status: list[int] | None = None) -> Callable[[Random], list[Question]]:
    """Return what its page of tickets asks for its rows with."""
    return lambda _: [_asked_rows({"status__in": status} if status else {}, "")]


def _asked_rows(filters: Mapping[str, object], words: str) -> Question:
    wish = {
        "filtering": filters,
        "filtering_null": {},
        "sorting": "created",
        "sortreverse": False,
        "search_string": words,
    }
    query = quote(b64encode(json.dumps(wish).encode()).decode(), safe="/+=")
    return Question(f"/datatables_ticket_list/{query}?draw=1&start=0&length=25")
