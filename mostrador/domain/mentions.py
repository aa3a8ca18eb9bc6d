"""Mentions: which agents a note calls with @ and a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

MOST_MENTIONS = 20
# An @ that begins a word: an e-mail address has letters before it.
_CALL = re.compile(r"(?<![\w.@])@(?=\w)")
_WORD_GOES_ON = re.compile(r"\w")


def called(text: str, names: Mapping[int, str]) -> list[int]:
    """Return the agents called in a text, in the order of their first call.

    A call is the whole name ("@Marta Gil"), the name without spaces ("@MartaGil", "@marta.gil"), or a first
    name only one agent has. The longest that fits counts.
    """
    calls = _spellings(names)
    folded = text.casefold()
    found = (_longest(folded[at.end() :], calls) for at in _CALL.finditer(folded))
    return list(dict.fromkeys(agent for agent in found if agent is not None))[:MOST_MENTIONS]


def _longest(rest: str, calls: Mapping[str, int]) -> int | None:
    fitting = (call for call in calls if rest.startswith(call) and not _WORD_GOES_ON.match(rest[len(call) :]))
    best = max(fitting, key=len, default=None)
    return None if best is None else calls[best]


def _spellings(names: Mapping[int, str]) -> dict[str, int]:
    """Return every way to call an agent that means no other."""
    pairs = [(spelling, agent) for agent, name in names.items() for spelling in set(_ways(name))]
    meant = Counter(spelling for spelling, _ in pairs)
    return {spelling: agent for spelling, agent in pairs if meant[spelling] == 1}


def _ways(name: str) -> Iterator[str]:
    words = name.casefold().split()
    if words:
        yield words[0]
        yield from (sign.join(words) for sign in (" ", "", ".", "-", "_"))
