"""Views: lists of tickets that agents put together and keep."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from mostrador.domain.filters import Filters, read_filters
from mostrador.models.people import Agent

LONGEST_NAME = 60


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Makes and finds saved views."""

    def keep(self, *, owner: Agent, name: str, filters: Filters, is_shared: bool, now: datetime) -> SavedView:
        """Store a view, or what it filters by now where the owner has one of that name."""
        view, _ = self.update_or_create(
            owner=owner,
            name=name.strip()[:LONGEST_NAME],
            defaults={"filters": {"q": str(filters)}, "is_shared": is_shared, "changed_at": now},
        )
        return view

    def drop(self, *, pk: int, owner: Agent) -> bool:
        """Delete a view of this agent; return whether there was one."""
        return bool(self.filter(pk=pk, owner=owner).delete()[0])

    def seen_by(self, agent: Agent) -> SavedViewQuerySet:
        """Return the agent's own views and those that others share, by name."""
        return self.filter(Q(owner=agent) | Q(is_shared=True)).select_related("owner").order_by("name", "pk")

    def locked(self, *, pk: int, owner: Agent) -> SavedView | None:
        """Return a view of this agent with its row locked, or nothing."""
        return self.select_for_update(of=("self",)).filter(pk=pk, owner=owner).first()


class SavedView(models.Model):
    """A named list; `filters` holds words of the search box's language, validated before they are stored."""

    owner = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=LONGEST_NAME)
    filters = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_owner_and_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        """What the search box holds when this view is open."""
        return str(self.filters.get("q", ""))

    @property
    def letters(self) -> str:
        """The one or two letters shown where there is no room for the name."""
        words = self.name.split() or ["?"]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()

    def read(self) -> Filters:
        """Return its filters."""
        return read_filters(self.text)

    def change(self, *, name: str, filters: Filters, is_shared: bool, now: datetime) -> None:
        """Give it another name, other filters, or other readers."""
        self.name, self.is_shared, self.changed_at = name.strip()[:LONGEST_NAME], is_shared, now
        self.filters = {"q": str(filters)}
        self.save()
