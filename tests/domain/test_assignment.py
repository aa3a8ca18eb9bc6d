"""Assignment: language and marketplace narrow, the rule chooses, and the same facts give the same agent."""

from __future__ import annotations

from collections import Counter

import pytest

from mostrador.domain.assignment import AssignRule, Candidate, choose

ANA, BEN, CLEO = 1, 2, 3
GERMANY, SPAIN = "A1PA6795UKMFR9", "A1RKKUPIHCS9HS"


def given_to(
    rule: AssignRule,
    *candidates: Candidate,
    language: str = "de",
    marketplace_id: str = GERMANY,
    given: tuple[int, ...] = (),
) -> int | None:
    return choose(rule, candidates, language=language, marketplace_id=marketplace_id, given=given)


def agent(
    agent_id: int, *, load: int = 0, languages: tuple[str, ...] = (), places: tuple[str, ...] = ()
) -> Candidate:
    return Candidate(agent_id, load, frozenset(languages), frozenset(places))


def test_by_hand_gives_to_nobody() -> None:
    assert given_to(AssignRule.BY_HAND, agent(ANA)) is None


@pytest.mark.parametrize("rule", [AssignRule.ROUND_ROBIN, AssignRule.LEAST_LOADED])
def test_nobody_who_fits_is_nobody(rule: AssignRule) -> None:
    assert given_to(rule) is None
    assert given_to(rule, agent(ANA, languages=("es",))) is None
    assert given_to(rule, agent(ANA, places=(SPAIN,))) is None


@pytest.mark.parametrize("rule", [AssignRule.ROUND_ROBIN, AssignRule.LEAST_LOADED])
@pytest.mark.parametrize(
    "ana",
    [
        agent(ANA, load=9),
        agent(ANA, load=9, languages=("de", "en")),
        agent(ANA, load=9, places=(GERMANY,)),
        agent(ANA, load=9, languages=("de",), places=(GERMANY, SPAIN)),
    ],
)
def test_language_and_marketplace_narrow_first(rule: AssignRule, ana: Candidate) -> None:
    speaks_spanish, serves_spain = agent(BEN, languages=("es",)), agent(CLEO, places=(SPAIN,))
    assert given_to(rule, speaks_spanish, serves_spain, ana, given=(ANA,)) == ANA


def test_an_unknown_language_or_marketplace_narrows_nothing() -> None:
    spaniard = agent(BEN, languages=("es",), places=(SPAIN,))
    assert given_to(AssignRule.ROUND_ROBIN, spaniard, language="", marketplace_id="") == BEN


def test_the_turn_goes_round() -> None:
    given: list[int] = []
    for _ in range(7):
        chosen = choose(
            AssignRule.ROUND_ROBIN,
            [agent(CLEO), agent(ANA), agent(BEN)],
            language="de",
            marketplace_id=GERMANY,
            given=given,
        )
        assert chosen is not None
        given.insert(0, chosen)
    assert given[::-1] == [ANA, BEN, CLEO, ANA, BEN, CLEO, ANA]


def test_who_got_none_of_the_last_comes_first() -> None:
    assert given_to(AssignRule.ROUND_ROBIN, agent(ANA), agent(BEN), given=(ANA, ANA, ANA)) == BEN
    assert given_to(AssignRule.ROUND_ROBIN, agent(ANA), agent(BEN), given=(BEN, ANA, BEN)) == ANA


def test_the_least_loaded_gets_it() -> None:
    assert given_to(AssignRule.LEAST_LOADED, agent(ANA, load=3), agent(BEN, load=2)) == BEN


def test_the_same_load_is_shared_by_turns() -> None:
    pair = agent(ANA, load=2), agent(BEN, load=2)
    assert given_to(AssignRule.LEAST_LOADED, *pair, given=(ANA,)) == BEN
    assert given_to(AssignRule.LEAST_LOADED, *pair, given=(BEN,)) == ANA


def test_a_hundred_tickets_are_shared_evenly_among_those_who_fit() -> None:
    team = {ANA: {"de", "es"}, BEN: {"de"}, CLEO: {"de"}}
    loads: Counter[int] = Counter()
    given: list[int] = []
    for _ in range(99):
        candidates = [agent(a, load=loads[a], languages=tuple(spoken)) for a, spoken in team.items()]
        chosen = choose(
            AssignRule.LEAST_LOADED, candidates, language="de", marketplace_id=GERMANY, given=given
        )
        assert chosen is not None
        loads[chosen] += 1
        given.insert(0, chosen)
    assert loads == {ANA: 33, BEN: 33, CLEO: 33}
