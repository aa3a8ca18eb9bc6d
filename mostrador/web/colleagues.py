"""Colleagues: the agents a page names, read once for all the rows that name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Model

from mostrador.models import Agent


class Colleagues:
    """The agents of the desk, by their keys: those at work from the start, others when a row names them."""

    def __init__(self) -> None:
        """Read those at work (one query)."""
        shown = Agent.objects.get_queryset().only("name", "email")
        self.active: Sequence[Agent] = list(shown.active().order_by("name", "pk"))
        self._known = {agent.pk: agent for agent in self.active}

    def introduce(self, rows: Iterable[Model], role: str) -> None:
        """Tell each row who its agent in that role is (one query only where somebody has left the desk)."""
        named = [(row, pk) for row in rows if (pk := getattr(row, f"{role}_id")) is not None]
        unknown = {pk for _, pk in named} - self._known.keys()
        if unknown:
            self._known |= Agent.objects.get_queryset().only("name", "email").in_bulk(unknown)
        for row, pk in named:
            setattr(row, role, self._known[pk])
