"""Views: keep the current filters under a name, change them, throw them away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mostrador.domain.filters import Filters
from mostrador.models import Agent, SavedView


class ViewRefused(ValueError):
    """Filters that cannot be kept: empty, or with a piece nobody understands; or a name that is taken."""


def keep_view(*, agent: Agent, name: str, filters: Filters, is_shared: bool, now: datetime) -> SavedView:
    """Keep filters under a name; one of the agent's own views of that name filters by them from now on.

    Raises: ViewRefused when there is no name, or nothing to filter by.
    """
    _check(name, filters)
    with transaction.atomic():
        return SavedView.objects.keep(owner=agent, name=name, filters=filters, is_shared=is_shared, now=now)


def change_view(
    *, view_id: int, agent: Agent, name: str, filters: Filters, is_shared: bool, now: datetime
) -> None:
    """Change one of the agent's own views.

    Raises: ViewRefused as `keep_view` does, and for a name or a view that is another's.
    """
    _check(name, filters)
    with transaction.atomic():
        view = SavedView.objects.locked(pk=view_id, owner=agent)
        taken = SavedView.objects.filter(owner=agent, name=name.strip()).exclude(pk=view_id)
        if view is None or taken.exists():
            raise ViewRefused(name)
        view.change(name=name, filters=filters, is_shared=is_shared, now=now)


def delete_view(*, view_id: int, agent: Agent) -> bool:
    """Throw away one of the agent's own views; return whether there was one."""
    with transaction.atomic():
        return SavedView.objects.drop(pk=view_id, owner=agent)


def _check(name: str, filters: Filters) -> None:
    if not name.strip() or not filters or filters.unknown:
        raise ViewRefused(str(filters))
