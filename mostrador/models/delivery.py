"""Delivery: what refunds, cancellations and replies have in common: a wish, its state, its facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from mostrador.domain.delivery import OPEN, Source, State, check_move
from mostrador.models.people import Agent
from mostrador.models.selling_partners import SellingPartner


class LostRace(Exception):
    """Somebody else moved the row first: read it again."""


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a wish's content, so that a request key cannot stand for two wishes."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def choices(words: type[State] | type[Source]) -> list[tuple[str, str]]:
    """Return an enum's words as Django choices."""
    return [(word.value, word.value) for word in words]


Row = TypeVar("Row", bound="Delivery", covariant=True)


class DeliveryQuerySet(models.QuerySet[Row]):
    """Questions every delivery answers."""

    def asked(self, *, partner: SellingPartner, request_key: str) -> Row | None:
        """Return the wish this request key already stands for, or nothing."""
        return self.filter(selling_partner=partner, request_key=request_key).first()

    def in_state(self, *states: State) -> Self:
        """Return those in one of `states`."""
        return self.filter(state__in=states)

    def open(self) -> Self:
        """Return those whose outcome is not known yet."""
        return self.filter(state__in=OPEN)

    def hurry(self, row: Delivery, *, now: datetime) -> bool:
        """End the undo window of `row`; return whether it was still waiting."""
        waiting = self.filter(pk=row.pk, state=State.REQUESTED, send_after__gt=now)
        return waiting.update(send_after=now) == 1

    def due(self, now: datetime) -> Self:
        """Return those that wait to leave and whose undo window is over."""
        return self.filter(state=State.REQUESTED, send_after__lte=now)


class Delivery(models.Model):
    """A wish on its way to the other side. Facts are written once; only `move` changes the state."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=choices(State), default=State.REQUESTED)
    source = models.CharField(max_length=12, choices=choices(Source), default=Source.AGENT)
    requested_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField()
    send_after = models.DateTimeField()
    request_key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField()
    answer_code = models.CharField(max_length=40, blank=True)
    answer_words = models.TextField(blank=True)  # the other side's own words, or why nothing is known

    class Meta:
        abstract = True

    LETTER: ClassVar[str] = "?"

    @property
    def reference(self) -> str:
        """The short name people use: R-1042."""
        return f"{self.LETTER}-{1000 + self.pk}"

    def move(self, after: State, *, now: datetime, **facts: Any) -> None:
        """Change the state, if the table allows it and nobody was faster, and write `facts` with it.

        Raises: ForbiddenMove for a move that is not in the table (a bug), LostRace when the row has moved.
        """
        before = State(self.state)
        check_move(before=before, after=after)
        changes = {"state": after, "moved_at": now, **facts}
        changed = type(self)._base_manager.filter(pk=self.pk, state=before).update(**changes)
        if changed != 1:
            raise LostRace(f"{self.reference} is no longer {before}")
        for name, value in changes.items():
            setattr(self, name, value)
        self.moved(before=before, after=after)

    def moved(self, *, before: State, after: State) -> None:
        """Let the row's own books follow its state, in the same transaction."""


def request_key_constraint(name: str) -> models.UniqueConstraint:
    """Return the constraint that makes one request key one wish."""
    return models.UniqueConstraint(fields=["selling_partner", "request_key"], name=name)


UNFINISHED = frozenset(State) - {State.CONFIRMED, State.REJECTED, State.WITHDRAWN}


def unfinished_index(name: str) -> models.Index:
    """Return the index that finds the orders of what is not over yet."""
    return models.Index(fields=["state", "order"], name=name, condition=Q(state__in=sorted(UNFINISHED)))


def due_index(name: str) -> models.Index:
    """Return the index the sweeper reads."""
    return models.Index(fields=["send_after"], name=name, condition=Q(state=State.REQUESTED))
