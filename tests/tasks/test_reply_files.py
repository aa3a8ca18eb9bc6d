"""What goes along with an answer: its files, its signature, and never a header of somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mostrador.actions.messages import withdraw_reply
from mostrador.domain.delivery import State
from mostrador.mail.attachments import EXTENSIONS
from mostrador.models import Attachment, Mailbox, Reply, Upload
from mostrador.tasks import messages
from tests.makers import BUYER, NOW, TOKEN, make_agent, make_mailbox, make_reply, make_ticket
from tests.relay import Relay

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\nreceipt"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PARTS = {"from", "to", "subject", "message-id", "in-reply-to", "references", "content-type", "mime-version"}


@pytest.fixture
def mailbox(relay: Relay) -> Mailbox:
    """A mailbox whose answers leave by the relay."""
    return make_mailbox(smtp_url=relay.url)


def reply_with(mailbox: Mailbox, *files: tuple[str, str, bytes], **more: str) -> Reply:
    """Store an answer with files that waits to leave."""
    ticket = make_ticket(mailbox=mailbox, partner=mailbox.selling_partner, **more)  # type: ignore[arg-type]
    reply = make_reply(ticket=ticket, text="Anbei die Rechnung.")
    assert reply.requested_by
    laid = [
        Upload.objects.keep(
            ticket=ticket, agent=reply.requested_by, name=name, content_type=kind, content=content, now=NOW
        )
        for name, kind, content in files
    ]
    Upload.objects.bind(laid, reply)
    return reply


def test_files_leave_as_parts_of_the_mail_and_are_kept_with_the_message(
    mailbox: Mailbox, relay: Relay
) -> None:
    reply = reply_with(
        mailbox, ("Rechnung für Groß.pdf", "application/pdf", PDF), ("lamp.png", "image/png", PNG)
    )
    messages.send(reply_id=reply.pk)
    [taken] = relay.taken
    assert taken.message.get_content_type() == "multipart/mixed"
    body, *files = list(taken.message.iter_parts())
    assert body.get_content().split() == ["Anbei", "die", "Rechnung.", TOKEN]
    assert [(one.get_filename(), one.get_content_type(), one.get_content()) for one in files] == [
        ("Rechnung für Groß.pdf", "application/pdf", PDF),
        ("lamp.png", "image/png", PNG),
    ]
    assert [one.get_content_disposition() for one in files] == ["attachment", "attachment"]
    reply.refresh_from_db()
    assert reply.state == State.SENT
    kept = Attachment.objects.filter(message=reply.message).order_by("pk")
    assert [(one.name, bytes(one.content), one.size, one.refused) for one in kept] == [
        ("Rechnung für Groß.pdf", PDF, len(PDF), ""),
        ("lamp.png", PNG, len(PNG), ""),
    ]
    assert not Upload.objects.exists()


def test_a_second_try_carries_the_same_files(mailbox: Mailbox, relay: Relay) -> None:
    reply = reply_with(mailbox, ("a.pdf", "application/pdf", PDF))
    relay.breaks_at = "DATA"
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()
    assert reply.state == State.REQUESTED
    relay.breaks_at = ""
    Reply.objects.filter(pk=reply.pk).update(send_after=NOW)
    messages.send(reply_id=reply.pk)
    [taken] = relay.taken
    assert [one.get_content() for one in taken.message.iter_attachments()] == [PDF]


def test_files_of_an_answer_taken_back_between_two_tries_lie_beside_the_draft_again(
    mailbox: Mailbox, relay: Relay
) -> None:
    reply = reply_with(mailbox, ("a.pdf", "application/pdf", PDF))
    relay.breaks_at = "DATA"
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()
    agent = make_agent()
    withdraw_reply(reply=reply, agent=agent, now=NOW + timedelta(minutes=1))
    [file] = Upload.objects.waiting(ticket=reply.ticket, agent=agent)
    assert (file.name, file.content_type, bytes(file.content)) == ("a.pdf", "application/pdf", PDF)


def test_the_signature_of_the_moment_stands_under_the_answer(mailbox: Mailbox, relay: Relay) -> None:
    reply = reply_with(mailbox)
    mailbox.selling_partner.sign("Ihr Nordlicht-Team")
    messages.send(reply_id=reply.pk)
    [taken] = relay.taken
    assert taken.text == f"Anbei die Rechnung.\n\nIhr Nordlicht-Team\n\n{TOKEN}\n"
    reply.refresh_from_db()
    assert reply.message
    assert reply.message.text == "Anbei die Rechnung.\n\nIhr Nordlicht-Team"


def test_a_signature_the_agent_wrote_already_is_not_written_twice(mailbox: Mailbox, relay: Relay) -> None:
    reply = reply_with(mailbox)
    mailbox.selling_partner.sign("Anbei die Rechnung.")
    messages.send(reply_id=reply.pk)
    assert relay.taken[0].text == f"Anbei die Rechnung.\n\n{TOKEN}\n"


# ── header injection ──────────────────────────────────────────────────────────────────────────────────────

TRICKS = [
    "Lamp\r\nBcc: thief@evil.example",
    "Lamp\nBcc: thief@evil.example\n\nother words",
    "Lamp\rBcc: thief@evil.example",
    "Lamp\x00Bcc: thief@evil.example",
    "Lamp\u2028Bcc: thief@evil.example",
    "Lamp\x85Bcc: thief@evil.example\x0b\x0cTo: thief@evil.example",
    "=?utf-8?q?Lamp=0D=0ABcc:_thief@evil.example?=",
    "=?utf-8?b?TGFtcA0KQmNjOiB0aGllZkBldmlsLmV4YW1wbGU=?=",
    "=?utf-8?q?a?= =?utf-8?q?=0ABcc:_thief@evil.example?=",
    "=?utf-7?q?+AA0ACgBCAGMAYw-: thief@evil.example?=",
    'Lamp", <thief@evil.example>, "x',
    "Lamp <thief@evil.example>, second@evil.example",
    "Lamp" + " x" * 400 + "\r\n Bcc: thief@evil.example",
]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("place", ["subject", "name"])
def test_no_words_of_a_buyer_or_a_setting_become_a_header(
    mailbox: Mailbox, relay: Relay, place: str, trick: str
) -> None:
    reply = reply_with(mailbox, buyer_name=trick.replace("\x00", "") if place == "name" else "Anna")
    stored = trick.replace("\x00", "")  # PostgreSQL keeps no NUL
    if place == "subject":
        type(reply.ticket).objects.filter(pk=reply.ticket_id).update(subject=stored[:300])
    else:
        Mailbox.objects.filter(pk=mailbox.pk).update(from_name=stored[:80])
    messages.send(reply_id=reply.pk)
    _nothing_else_has_left(relay)
    reply.refresh_from_db()
    assert reply.state in (State.SENT, State.REJECTED)


FILE_TRICKS = [
    *(f"{trick}.pdf" for trick in TRICKS),
    "a.pdf\r\nX: y",
    "a.pdf; filename*=utf-8''b%0D%0AX: y.pdf",
    "utf-8''a%0D%0ABcc%3A%20thief@evil.example.pdf",
]


@pytest.mark.parametrize("trick", FILE_TRICKS)
def test_no_name_of_a_file_becomes_a_header(mailbox: Mailbox, relay: Relay, trick: str) -> None:
    reply = reply_with(mailbox, (trick.replace("\x00", ""), "application/pdf", PDF))
    messages.send(reply_id=reply.pk)
    _nothing_else_has_left(relay)
    for taken in relay.taken:
        for part in taken.message.iter_attachments():
            assert set(part.keys()) <= {
                "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"
            }  # fmt: skip
            assert part.get_content() == PDF


def _nothing_else_has_left(relay: Relay) -> None:
    """Check that whatever left went to the buyer alone, with the headers of the house alone."""
    for taken in relay.taken:
        assert taken.recipients == (BUYER,)
        names = [name.lower() for name in taken.message]
        assert len(names) == len(set(names))
        assert set(names) <= PARTS | {"content-transfer-encoding", "date"}
        assert [one.addr_spec for one in taken.message["To"].addresses] == [BUYER]
        assert [one.addr_spec for one in taken.message["From"].addresses] == ["service@nordlicht.example"]
        assert "\n" not in str(taken.message["Subject"])


def test_every_kind_amazon_carries_has_a_name_of_its_own() -> None:
    assert sorted(sum(EXTENSIONS.values(), ())) == ["doc", "docx", "gif", "jpeg", "jpg", "pdf", "png", "txt"]
