"""Reviews: what a person saw, said on the card itself."""

from __future__ import annotations

from http import HTTPStatus

from django.test import Client, override_settings

from mostrador.domain.delivery import State
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@override_settings(SECOND_PERSON_ABOVE={"EUR": 10_000})
def test_what_a_person_saw_decides_and_stands_on_the_card(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    path = f"/tickets/{refund.ticket_id}/"
    assert "It was not done" in desk.get(path).content.decode()
    fields = {"outcome": "done", "proof": "10.00 € on 24 Nov in Seller Central"}
    answer = desk.post(f"{path}refunds/{refund.pk}/finding", fields, **HTMX)
    assert answer.status_code == HTTPStatus.OK
    refund.refresh_from_db()
    assert refund.state == State.ACCEPTED
    assert "Marta Gil saw that it was done" in desk.get(path).content.decode()


def test_a_finding_without_proof_changes_nothing(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    path = f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/finding"
    for fields in ({"outcome": "done", "proof": "ok"}, {"outcome": "x", "proof": "seen it there"}):
        answer = desk.post(path, fields, **HTMX)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Say what you saw, and where" in answer.content.decode()
    refund.refresh_from_db()
    assert refund.state == State.REVIEW


def test_there_is_nothing_to_look_for_when_the_outcome_is_known(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.ACCEPTED)
    answer = desk.post(f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/look", **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Its outcome is not unknown any more" in answer.content.decode()
