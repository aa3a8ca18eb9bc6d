"""The outbox: how a mail server is spoken to, and what a wrong setting means for a letter."""

from __future__ import annotations

import pytest

from mostrador.domain.delivery import State
from mostrador.models import EventKind, Mailbox
from mostrador.tasks import messages
from mostrador.tasks.outbox import connection_to
from tests.makers import make_mailbox, make_order, make_reply, make_ticket
from tests.relay import Relay

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("url", "port", "is_ssl", "is_starttls"),
    [
        ("smtp://127.0.0.1:2525", 2525, False, False),
        ("smtp://localhost", 25, False, False),
        ("smtp://mail.example", 25, False, True),
        ("smtp+starttls://127.0.0.1", 587, False, True),
        ("smtps://desk@mail.example", 465, True, False),
    ],
)
def test_only_this_very_machine_is_spoken_to_in_clear(
    url: str, port: int, is_ssl: bool, is_starttls: bool
) -> None:
    backend = connection_to(make_mailbox(smtp_url=url, smtp_secret="word"))

    assert (backend.port, backend.use_ssl, backend.use_tls) == (port, is_ssl, is_starttls)
    assert backend.password == "word"


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://"])
def test_an_answer_waits_for_a_wrong_address_to_be_mended(url: str) -> None:
    ticket = make_ticket(order=make_order(), mailbox=make_mailbox(smtp_url=url))
    reply = make_reply(ticket=ticket)

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, reply.events.get().kind) == (State.REQUESTED, EventKind.RETRY)


def test_an_answer_waits_for_a_password_that_can_be_opened(relay: Relay) -> None:
    mailbox = make_mailbox(smtp_url=relay.url, smtp_secret="word")
    Mailbox.objects.filter(pk=mailbox.pk).update(smtp_secret_sealed="A" * 80)
    reply = make_reply(ticket=make_ticket(order=make_order(), mailbox=mailbox))

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, relay.taken) == (State.REQUESTED, [])
    assert "MOSTRADOR_SECRET_KEY" in reply.answer_words


def test_a_server_without_tls_gets_no_password(relay: Relay) -> None:
    starttls = relay.url.replace("smtp://", "smtp+starttls://desk@")
    mailbox = make_mailbox(smtp_url=starttls, smtp_secret="word")
    reply = make_reply(ticket=make_ticket(order=make_order(), mailbox=mailbox))

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, relay.taken) == (State.REQUESTED, [])
    assert "STARTTLS" in reply.answer_words
