"""Replies through the API."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from mostrador.api.bodies import MOST_BYTES_WITH_FILES
from mostrador.domain.delivery import State
from mostrador.models import Agent, Event, Reply, Ticket, Upload
from tests.api.programs import Program
from tests.makers import bring_to, make_order, make_refund, make_reply, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    """A ticket about a shipped order."""
    return make_ticket(order=make_order())


def asked(program: Program, ticket: Ticket, text: str = "Guten Tag!", key: str = "", **more: Any) -> Any:
    """Ask for a reply."""
    return program.post(f"tickets/{ticket.reference}/replies", {"text": text, **more}, key=key)


def test_a_reply_is_stored_and_told(program: Program, agent: Agent, ticket: Ticket) -> None:
    answer = asked(program, ticket, close=True)

    stored = Reply.objects.get()
    assert (stored.text, stored.closes_ticket, stored.source) == ("Guten Tag!", True, "api")
    assert stored.requested_by == agent
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/replies/{stored.reference}"
    told = answer.body
    assert (told["id"], told["state"], told["ticket_id"]) == (stored.reference, "requested", ticket.reference)
    assert (told["text"], told["close"], told["armed_on"]) == ("Guten Tag!", True, None)
    assert [event["kind"] for event in told["events"]] == ["requested"]
    assert program.get(f"replies/{stored.reference}").body == told


def test_the_same_key_again_is_the_same_reply(program: Program, ticket: Ticket) -> None:
    first = asked(program, ticket, key="k-1")

    second = asked(program, ticket, key="k-1")

    assert (first.status, second.status) == (201, 200)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.body == first.body
    assert Reply.objects.count() == 1


def test_the_same_key_with_other_content_is_refused(program: Program, ticket: Ticket) -> None:
    asked(program, ticket, key="k-1")

    answer = asked(program, ticket, "Auf Wiedersehen!", key="k-1")

    assert (answer.status, answer.body["code"]) == (409, "request_key_reused")
    assert [stored.text for stored in Reply.objects.all()] == ["Guten Tag!"]


def test_a_reply_may_wait_until_amazon_accepts(program: Program, ticket: Ticket) -> None:
    refund = make_refund(ticket=ticket)

    answer = asked(program, ticket, armed_on=refund.reference)

    assert (answer.status, answer.body["armed_on"]) == (201, refund.reference)
    assert Reply.objects.get().armed_refund == refund


def test_a_reply_never_waits_for_what_amazon_rejected(program: Program, ticket: Ticket) -> None:
    refund = make_refund(ticket=ticket, state=State.REJECTED)

    answer = asked(program, ticket, armed_on=refund.reference)

    assert (answer.status, answer.codes) == (422, ["not_true_yet"])
    assert not Reply.objects.exists()


@pytest.mark.parametrize("armed_on", ["R-1000", "C-1000", "M-1001", "nonsense", "R-\x00"])
def test_a_reply_waits_only_for_an_action_of_its_order(
    program: Program, ticket: Ticket, armed_on: str
) -> None:
    answer = asked(program, ticket, armed_on=armed_on)

    assert (answer.status, answer.body["faults"][0]["location"]) == (422, "body.armed_on")
    assert not Reply.objects.exists()


def test_a_refund_of_another_order_is_not_waited_for(program: Program, ticket: Ticket) -> None:
    answer = asked(program, ticket, armed_on=make_refund().reference)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty_message"), (" \n", "empty_message"), ("x" * 10_001, "message_too_long")]
)
def test_what_the_rules_refuse_writes_nothing(program: Program, ticket: Ticket, text: str, code: str) -> None:
    answer = asked(program, ticket, text)

    assert (answer.status, answer.codes) == (422, [code])
    assert not Reply.objects.exists()
    assert not Event.objects.exists()


def test_a_message_against_amazons_rules_writes_nothing(program: Program, ticket: Ticket) -> None:
    answer = asked(program, ticket, "Call +49 30 1234567 and please cancel it.", accept=["phone_number"])

    assert (answer.status, answer.codes) == (422, ["against_policy", "policy_warning"])
    hard, soft = answer.body["refusals"]
    assert hard["facts"] == {"rule": "phone_number", "quote": "+49 30 1234567"}
    assert soft["facts"] == {"rule": "asks_to_cancel", "quote": "please cancel"}
    assert not Reply.objects.exists()


def test_a_warning_that_was_accepted_stops_nothing(program: Program, ticket: Ticket) -> None:
    answer = asked(program, ticket, "Please cancel it.", accept=["asks_to_cancel"])

    assert answer.status == 201
    assert Reply.objects.get().text == "Please cancel it."


def test_an_armed_reply_keeps_to_amazons_rules_as_well(program: Program, ticket: Ticket) -> None:
    refund = make_refund(ticket=ticket)

    answer = asked(program, ticket, "{amount}: see www.shop.com", armed_on=refund.reference)

    assert (answer.status, answer.codes) == (422, ["against_policy"])
    assert not Reply.objects.exists()


def test_a_ticket_without_an_address_cannot_be_answered(program: Program) -> None:
    answer = asked(program, make_ticket(buyer_address=""))

    assert (answer.status, answer.codes) == (422, ["no_address"])
    assert not Reply.objects.exists()


def test_a_waiting_reply_can_be_taken_back_and_stays_so(program: Program, ticket: Ticket) -> None:
    reply = asked(program, ticket).body["id"]

    first = program.post(f"replies/{reply}/withdraw")
    second = program.post(f"replies/{reply}/withdraw")

    assert (first.status, first.body["state"]) == (200, "withdrawn")
    assert second.body == first.body


def test_a_sent_reply_cannot_be_taken_back(program: Program) -> None:
    reply = make_reply()
    bring_to(reply, State.SENT)

    answer = program.post(f"replies/{reply.reference}/withdraw")

    assert (answer.status, answer.codes) == (422, ["too_late_to_withdraw"])


def test_an_unknown_reply_or_ticket_is_not_found(program: Program) -> None:
    answers = (
        program.get("replies/M-1000"),
        program.post("replies/M-1000/withdraw"),
        program.post("tickets/T-1000/replies", {"text": "Guten Tag!"}),
    )

    assert [(answer.status, answer.body["code"]) for answer in answers] == [(404, "not_found")] * 3


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────

PDF = b"%PDF-1.7\nlabel"


def a_file(name: str = "label.pdf", content: bytes = PDF, **more: str) -> dict[str, str]:
    """Return a file as a program sends it."""
    return {"name": name, "content": b64encode(content).decode(), **more}


def test_files_go_along_with_a_reply(program: Program, agent: Agent, ticket: Ticket) -> None:
    answer = asked(program, ticket, attachments=[a_file(content_type="application/pdf"), a_file("two.pdf")])

    reply = Reply.objects.get()
    kept = [(each.name, each.content_type, bytes(each.content)) for each in reply.uploads.order_by("pk")]
    assert kept == [("label.pdf", "application/pdf", PDF), ("two.pdf", "application/pdf", PDF)]
    assert {(each.ticket, each.agent) for each in reply.uploads.all()} == {(ticket, agent)}
    shown = {"content_type": "application/pdf", "size": len(PDF), "refused": None}
    assert answer.status == 201
    assert answer.body["attachments"] == [{"name": "label.pdf", **shown}, {"name": "two.pdf", **shown}]
    assert program.get(f"replies/{reply.reference}").body == answer.body


def test_the_same_key_with_the_same_files_is_the_same_reply(program: Program, ticket: Ticket) -> None:
    first = asked(program, ticket, key="k-1", attachments=[a_file()])
    again = asked(program, ticket, key="k-1", attachments=[a_file()])
    other = asked(program, ticket, key="k-1", attachments=[a_file(content=PDF + b"!")])

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert (other.status, other.body["code"]) == (409, "request_key_reused")
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ([a_file(content=b"")], ["file_empty"]),
        ([a_file("label.exe", b"MZ\x90\x00" + bytes(200))], ["file_kind"]),
        ([a_file("label.png")], ["file_name"]),
        ([a_file("label.png", content_type="image/png")], ["file_name"]),
        ([a_file("a.pdf", PDF + bytes(5_500_000))] * 2, ["files_too_large"]),
        ([a_file(), a_file("empty.txt", b"")], ["file_empty"]),
    ],
)
def test_a_file_the_rules_refuse_writes_nothing(
    program: Program, ticket: Ticket, files: list[dict[str, str]], codes: list[str]
) -> None:
    body_size = sum(len(file["content"]) for file in files)
    assert body_size < MOST_BYTES_WITH_FILES, "otherwise it is the body that is refused"
    answer = asked(program, ticket, attachments=files)

    assert (answer.status, answer.codes) == (422, codes)
    assert not Reply.objects.exists()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("files", "location"),
    [
        ([{"name": "a.txt", "content": "no base64!"}], "body.attachments.0.content"),
        ([{"name": "a.txt", "content": 7}], "body.attachments.0.content"),
        ([{"name": "", "content": "YQ=="}], "body.attachments.0.name"),
        ([a_file("a\x00.pdf")], "body.attachments.0.name"),
        ([a_file()] * 11, "body.attachments"),
    ],
)
def test_what_is_no_file_is_told_with_its_place(
    program: Program, ticket: Ticket, files: list[Any], location: str
) -> None:
    answer = asked(program, ticket, attachments=files)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [fault["location"] for fault in answer.body["faults"]] == [location]
    assert not Reply.objects.exists()


def test_a_path_in_a_name_never_leaves(program: Program, ticket: Ticket) -> None:
    asked(program, ticket, attachments=[a_file("../../etc/label.pdf")])
    assert Upload.objects.get().name == "label.pdf"


def test_a_body_larger_than_files_can_be_is_not_read(program: Program, ticket: Ticket) -> None:
    too_much = b"x" * (MOST_BYTES_WITH_FILES + 1)
    answer = program.post_bytes(f"tickets/{ticket.reference}/replies", too_much, **{"Idempotency-Key": "k-1"})
    assert (answer.status, answer.body["code"]) == (413, "body_too_large")


def test_only_replies_take_more_than_two_megabytes(program: Program, ticket: Ticket) -> None:
    large = b"x" * (2 * 1024 * 1024 + 1)
    answer = program.post_bytes(f"tickets/{ticket.reference}/notes", large)
    assert (answer.status, answer.body["code"]) == (413, "body_too_large")
    stranger = Program(program.client, {"Authorization": "Bearer nobody"})
    unread = stranger.post_bytes(f"tickets/{ticket.reference}/replies", large, **{"Idempotency-Key": "k-2"})
    assert unread.status == 401


def test_files_of_a_reply_that_is_taken_back_lie_beside_the_agents_draft(
    program: Program, agent: Agent, ticket: Ticket
) -> None:
    told = asked(program, ticket, attachments=[a_file()]).body
    answer = program.post(f"replies/{told['id']}/withdraw", key=None)
    assert (answer.status, answer.body["attachments"]) == (200, [])
    assert [file.name for file in Upload.objects.waiting(ticket=ticket, agent=agent)] == ["label.pdf"]
