"""Assignment: whom a new ticket goes to, by the desk's rule; the same facts always give the same agent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class AssignRule(StrEnum):
    """How new tickets find their agent."""

    BY_HAND = "by-hand"
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who takes new tickets; empty sets mean any language, any marketplace."""

    agent_id: int
    load: int = 0  # open tickets that are theirs
    languages: frozenset[str] = field(default_factory=frozenset)
    marketplaces: frozenset[str] = field(default_factory=frozenset)

    def suits(self, *, language: str, marketplace_id: str) -> bool:
        """Return whether this agent answers in the language and for the marketplace; unknown suits all."""
        speaks = not self.languages or not language or language in self.languages
        serves = not self.marketplaces or not marketplace_id or marketplace_id in self.marketplaces
        return speaks and serves


def choose(
    rule: AssignRule,
    candidates: Iterable[Candidate],
    *,
    language: str,
    marketplace_id: str,
    given: Sequence[int],
) -> int | None:
    """Return the agent a new ticket goes to, or nobody where the rule or the agents say so.

    `given` are the agents of the tickets before it, the newest first; it decides whose turn it is, also
    between agents who carry the same load. Who got none of them comes first, the longest-standing before.
    """
    fitting = [each for each in candidates if each.suits(language=language, marketplace_id=marketplace_id)]
    if rule is AssignRule.BY_HAND or not fitting:
        return None
    waited = {agent_id: since for since, agent_id in reversed(list(enumerate(given)))}

    def turn(each: Candidate) -> tuple[int, int]:
        return -waited.get(each.agent_id, len(given)), each.agent_id

    if rule is AssignRule.LEAST_LOADED:
        return min(fitting, key=lambda each: (each.load, *turn(each))).agent_id
    return min(fitting, key=turn).agent_id
