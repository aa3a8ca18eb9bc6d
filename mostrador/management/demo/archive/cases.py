"""Cases: what the archive's tickets are about, who said what and when, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mostrador.management.demo.archive.orders import Bought, new_order, written
from mostrador.management.demo.archive.places import PLACES, Place, texts

CASES = 2_000
OPEN, WAITING = 0.05, 0.17  # shares of all cases
SEED = 11
TOPICS = (("late", 28), ("damaged", 18), ("cancel", 10), ("return", 16), ("invoice", 12), ("question", 16))
TAGS = {
    "late": "late-parcel",
    "damaged": "damaged",
    "cancel": "cancel",
    "return": "return",
    "invoice": "invoice",
}
# The hand-made buyers have waited longer, so that they stand on top of what needs an answer.
OPEN_MINUTES = (6, 10 * 60)
WITHOUT_ORDER = 0.1
TWIN_EVERY = 90
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: by the buyer, the desk, or in a note; `calls` is the agent a note calls."""

    speaker: str
    at: datetime
    text: str
    calls: int | None = None


@dataclass(slots=True)
class Case:
    """One ticket of the archive; `agent` is the place of its agent in the team."""

    number: int
    place: Place
    topic: str
    buyer: str
    alias: str
    subject: str
    state: str
    began: datetime
    order: Bought | None = None
    agent: int | None = None
    lines: list[Line] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    priority: int = 0
    snoozed_until: datetime | None = None
    claim_at: datetime | None = None
    twin_of: int | None = None  # the number of the case it was merged into


def make_cases(*, now: datetime, team: tuple[str, ...], count: int = CASES) -> list[Case]:
    """Return the archive's cases, the oldest first; the same `now` and team make the same ones."""
    random = Random(SEED)  # noqa: S311  # sample texts, no secrets
    cases = [_case(random, number, now, team, count) for number in range(count)]
    for number in range(count // 4, count, TWIN_EVERY):
        cases[number] = _twin(cases[number - 1], number)
    return sorted(cases, key=lambda case: case.began)


def shops(cases: list[Case], *, unseen_before: datetime) -> list[dict[str, Any]]:
    """Return the cases' orders as shop files, one a marketplace."""
    bodies: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        if case.order and case.twin_of is None:
            body = written(
                case.order, case.place, buyer=case.buyer, alias=case.alias, unseen_before=unseen_before
            )
            bodies.setdefault(case.place.country, []).append(body)
    return [{"marketplace": country, "orders": orders} for country, orders in bodies.items()]


def _case(random: Random, number: int, now: datetime, team: tuple[str, ...], count: int) -> Case:
    share = number / count
    state = "open" if share < OPEN else "waiting" if share < WAITING else "closed"
    place = random.choices(PLACES, [each.share for each in PLACES])[0]
    topic = random.choices([name for name, _ in TOPICS], [weight for _, weight in TOPICS])[0]
    words = texts()[place.language]
    case = Case(
        number=number,
        place=place,
        topic=topic,
        buyer=_name(random, words, place.language),
        alias="".join(random.choices(LETTERS, k=15)),
        subject=words["topics"][topic]["subject"],
        state=state,
        began=now - _age(random, state),
    )
    if topic != "question" or random.random() > WITHOUT_ORDER:
        case.order = new_order(random, place, number, topic=topic, asked=case.began)
    if state != "open" or random.random() < 0.6:
        case.agent = random.randrange(len(team))
    _talk(random, case, words, team, now)
    _mark(random, case, now)
    return case


def _twin(first: Case, number: int) -> Case:
    """Return a second ticket of the same buyer, which a person merged into the first."""
    began = first.began + timedelta(hours=2)
    again = Line("buyer", began, first.lines[0].text)
    return replace(
        first, number=number, began=began, lines=[again], tags=list(first.tags), twin_of=first.number
    )


def _name(random: Random, words: dict[str, Any], language: str) -> str:
    first, last = random.choice(words["first"]), random.choice(words["last"])
    return f"{last} {first}" if language == "ja" else f"{first} {last}"


def _age(random: Random, state: str) -> timedelta:
    if state == "open":
        return timedelta(minutes=random.uniform(*OPEN_MINUTES))
    if state == "waiting":
        return timedelta(hours=random.uniform(20, 140))
    return timedelta(days=random.uniform(2, 90) if random.random() < 0.7 else random.uniform(2, 20))


def _talk(random: Random, case: Case, words: dict[str, Any], team: tuple[str, ...], now: datetime) -> None:
    """Let buyer and desk speak; what is refunded or cancelled on the way stands in the order."""
    said, at = words["topics"][case.topic], case.began
    title = case.order.title if case.order else words["products"][0]
    case.lines.append(Line("buyer", at, random.choice(said["asks"]).format(title=title)))
    if case.state == "open":
        if random.random() < 0.1:
            called = random.randrange(len(team))
            call = words["call"].format(name=team[called])
            case.lines.append(Line("note", _later(at, now), call, called))
        return
    given_back = _settle(random, case, at)
    at += timedelta(hours=random.uniform(0.3, 18))
    if random.random() < 0.1:
        case.lines.append(Line("note", at - timedelta(minutes=9), words["note"]))
    agent = team[case.agent or 0]
    answer = said["answer"].format(buyer=case.buyer, agent=agent, sum=case.place.words(given_back))
    case.lines.append(Line("desk", at, answer))
    if case.state == "closed" and random.random() < 0.35:
        thanks = random.choice(words["thanks"]).format(buyer=case.buyer)
        case.lines.append(Line("buyer", at + timedelta(hours=random.uniform(0.5, 20)), thanks))


def _later(at: datetime, now: datetime) -> datetime:
    return at + (now - at) / 3


def _settle(random: Random, case: Case, at: datetime) -> int:
    """Write into the order what was given back or cancelled; return how much was given back."""
    order = case.order
    if order is None:
        return 0
    if case.topic == "cancel":
        case.order = replace(order, status="CANCELLED", wants_cancel=False, cancelled_by="MERCHANT")
    if case.topic not in ("damaged", "return"):
        return 0
    price = order.paid["principal"]
    back = price if case.topic == "return" else price * random.choice((10, 15, 20, 25)) // 100
    case.order = replace(
        order, refund_id=f"7{case.number:011d}", refunded=back, refunded_at=at + timedelta(minutes=20)
    )
    return back


def _mark(random: Random, case: Case, now: datetime) -> None:
    """Give the case what agents add: tags, a rank, a rest, a claim."""
    if case.topic in TAGS and random.random() < 0.8:
        case.tags.append(TAGS[case.topic])
    if random.random() < 0.05:
        case.tags.append("vip")
    case.tags.sort()
    if case.state == "closed":
        return
    case.priority = random.choices((-1, 0, 1, 2), (4, 86, 7, 3))[0]
    if case.state == "waiting" and random.random() < 0.12:
        case.snoozed_until = now + timedelta(hours=random.choice((5, 20, 44, 92)))
    if case.topic == "late" and random.random() < 0.04:
        case.claim_at = case.began + timedelta(hours=1)
