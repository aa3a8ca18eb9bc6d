"""Mentions: every way to call an agent, and no call where none was meant."""

from __future__ import annotations

import pytest

from mostrador.domain.mentions import MOST_MENTIONS, called

MARTA, MARTIN, JON, JON_TWO = 1, 2, 3, 4
NAMES = {MARTA: "Marta Gil", MARTIN: "Martín Sáez", JON: "Jon Ek", JON_TWO: "Jon Berg"}


@pytest.mark.parametrize(
    ("text", "agents"),
    [
        ("@Marta Gil please look", [MARTA]),
        ("@marta, please", [MARTA]),
        ("thanks @MartaGil!", [MARTA]),
        ("(@marta.gil)", [MARTA]),
        ("@martín", [MARTIN]),
        ("@Martín Sáez and @Marta", [MARTIN, MARTA]),
        ("@Marta @Marta Gil", [MARTA]),
        ("@Jon", []),
        ("@Jon Ek", [JON]),
        ("@Jon Ekman", []),
        ("@Martaginal", []),
        ("mail me at me@marta.example", []),
        ("@@marta", []),
        ("@ marta", []),
        ("nobody", []),
    ],
)
def test_a_call_names_one_agent(text: str, agents: list[int]) -> None:
    assert called(text, NAMES) == agents


def test_a_note_calls_so_many_agents_and_no_more() -> None:
    names = {number: f"Agent{number:03d} X" for number in range(40)}
    text = " ".join(f"@{name}" for name in names.values())
    assert called(text, names) == list(range(MOST_MENTIONS))
