"""Turns: no answer needed, claims, and the views a team keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mostrador.actions import turns, views
from mostrador.domain.filters import read_filters
from mostrador.models import Agent, Event, SavedView, Ticket
from tests import makers
from tests.makers import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def agent() -> Agent:
    """Somebody who answers."""
    return makers.make_agent()


def _clock(ticket: Ticket) -> tuple[str, object, object]:
    ticket.refresh_from_db()
    return ticket.state, ticket.first_unanswered_at, ticket.answer_due_at


def test_no_answer_needed_stops_the_clock_until_the_buyer_writes_again(agent: Agent) -> None:
    ticket = makers.make_ticket(now=NOW)
    turns.mark_no_answer_needed(ticket=ticket, agent=agent, now=LATER)
    assert _clock(ticket) == ("waiting", None, None)
    ticket.refresh_from_db()
    assert ticket.no_answer_needed_at == LATER
    again = LATER + timedelta(minutes=5)
    makers.make_message(ticket=ticket, at=again)
    assert _clock(ticket) == ("open", again, again + timedelta(hours=24))


def test_no_answer_needed_is_taken_back_to_the_time_it_was(agent: Agent) -> None:
    ticket = makers.make_ticket(now=NOW)
    for _ in range(2):
        turns.mark_no_answer_needed(ticket=ticket, agent=agent, now=LATER)
    for _ in range(2):
        turns.mark_answer_needed(ticket=ticket, agent=agent, now=LATER)
    assert _clock(ticket) == ("open", NOW, NOW + timedelta(hours=24))
    assert [event.facts for event in Event.objects.filter(kind="no_answer_needed").order_by("pk")] == [
        {},
        {"undone": True},
    ]


def test_a_closed_ticket_stays_closed_when_no_answer_is_needed(agent: Agent) -> None:
    ticket = makers.make_ticket(now=NOW)
    ticket.close(now=NOW)
    turns.mark_no_answer_needed(ticket=ticket, agent=agent, now=LATER)
    assert _clock(ticket) == ("closed", None, None)


def test_a_claim_is_noted_once_and_can_be_taken_away(agent: Agent) -> None:
    ticket = makers.make_ticket(now=NOW)
    turns.note_claim(ticket=ticket, agent=agent, now=NOW)
    turns.note_claim(ticket=ticket, agent=agent, now=LATER)
    ticket.refresh_from_db()
    assert ticket.claim_at == NOW
    turns.drop_claim(ticket=ticket, agent=agent, now=LATER)
    turns.drop_claim(ticket=ticket, agent=agent, now=LATER)
    ticket.refresh_from_db()
    assert ticket.claim_at is None
    assert Event.objects.filter(kind="claim_opened").count() == 2


# ── views ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_keeps_filters_in_the_one_way_they_are_written(agent: Agent) -> None:
    kept = read_filters("IS:open due:4h lamp")
    view = views.keep_view(agent=agent, name=" Soon ", filters=kept, is_shared=False, now=NOW)
    assert (view.name, view.text, view.read()) == ("Soon", "is:open due:<4h lamp", kept)
    other = read_filters("is:closed")
    views.keep_view(agent=agent, name="Soon", filters=other, is_shared=True, now=LATER)
    assert [(each.text, each.is_shared) for each in SavedView.objects.all()] == [("is:closed", True)]


@pytest.mark.parametrize(
    ("name", "typed"), [("", "is:open"), ("  ", "is:open"), ("All", ""), ("Odd", "is:opne")]
)
def test_a_view_without_a_name_or_with_what_is_no_filter_is_refused(
    agent: Agent, name: str, typed: str
) -> None:
    with pytest.raises(views.ViewRefused):
        views.keep_view(agent=agent, name=name, filters=read_filters(typed), is_shared=False, now=NOW)
    assert not SavedView.objects.exists()


def test_a_shared_view_is_seen_by_all_and_changed_by_its_owner_alone(agent: Agent) -> None:
    other, kept = makers.make_agent(name="Ben Osei"), read_filters("is:open")
    view = views.keep_view(agent=agent, name="Ours", filters=kept, is_shared=True, now=NOW)
    views.keep_view(agent=agent, name="Mine", filters=kept, is_shared=False, now=NOW)
    assert [each.name for each in SavedView.objects.seen_by(other)] == ["Ours"]
    with pytest.raises(views.ViewRefused):
        views.change_view(view_id=view.pk, agent=other, name="Theirs", filters=kept, is_shared=True, now=NOW)
    with pytest.raises(views.ViewRefused):
        views.change_view(view_id=view.pk, agent=agent, name="Mine", filters=kept, is_shared=True, now=NOW)
    assert not views.delete_view(view_id=view.pk, agent=other)
    views.change_view(view_id=view.pk, agent=agent, name="Team", filters=kept, is_shared=False, now=NOW)
    assert [each.name for each in SavedView.objects.seen_by(other)] == []
    assert views.delete_view(view_id=view.pk, agent=agent)
    assert [each.name for each in SavedView.objects.all()] == ["Mine"]
