"""Replies for programs: answer the buyer, read, take back."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from mostrador.actions.macros import words_of
from mostrador.actions.messages import ReplyWish, request_reply, withdraw_reply
from mostrador.actions.uploads import File
from mostrador.api import access
from mostrador.api.bodies import MOST_BYTES_WITH_FILES
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.request_keys import RequestKey, documented_answers, mark_answer, stored_key
from mostrador.api.schemas.replies import Reply, ReplyRequest
from mostrador.api.tokens import BearerToken, ProgramRequest, agent_of
from mostrador.domain.delivery import Source, State
from mostrador.models import Agent, Cancellation, Refund, Ticket
from mostrador.models import Reply as ReplyRow

router = Router(tags=["Replies"])

_ASKING = documented(
    ProblemCode.BODY_UNREADABLE,
    ProblemCode.NOT_FOUND,
    ProblemCode.REQUEST_KEY_REUSED,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.NOT_JSON,
    ProblemCode.REFUSED,
)
_STEPPING = documented(ProblemCode.NOT_FOUND, ProblemCode.NOT_JSON, ProblemCode.REFUSED)


@router.post(
    "/tickets/{ticket_id}/replies",
    auth=BearerToken(most_bytes=MOST_BYTES_WITH_FILES),
    response={201: Reply, 200: Reply},
    operation_id="request_reply",
    summary="Answer the buyer",
    openapi_extra={"responses": {**_ASKING, **documented_answers("reply")}},
)
def ask(
    request: ProgramRequest,
    response: HttpResponse,
    ticket_id: access.TicketId,
    wish: ReplyRequest,
    request_key: RequestKey,
) -> Status[Reply]:
    """Store a reply. It leaves as an e-mail in a few seconds, or when Amazon accepts what it is armed on."""
    agent, now = agent_of(request), timezone.now()
    ticket = access.ticket(agent, ticket_id)
    key, armed_on = stored_key(agent, request_key), access.action_about(agent, wish.armed_on, ticket)
    text, language = _words(agent, ticket, wish, key, armed_on)
    reply = request_reply(
        ticket=ticket,
        agent=agent,
        wish=ReplyWish(
            text=text,
            close=wish.close,
            macro=wish.macro or "",
            language=language,
            armed_on=armed_on,
            request_key=key,
            source=Source.API,
            accepted=frozenset(wish.accept),
            files=tuple(File(file.name, file.content) for file in wish.attachments),
        ),
        now=now,
    )
    path = f"/api/v1/replies/{reply.reference}"
    status = mark_answer(response, reply, path=path, asked_at=now)
    return Status(status, Reply.of(access.reply(agent, reply.reference)))


def _words(
    agent: Agent, ticket: Ticket, wish: ReplyRequest, key: str, armed_on: Refund | Cancellation | None
) -> tuple[str, str]:
    """Return what the reply says, and in which language: the program's own words, or a macro's.

    A macro's words for a key that is known are those it had: asked again, it is the same wish.
    """
    if wish.text is not None or wish.macro is None:
        return wish.text or "", wish.language or ""
    known = ReplyRow.objects.asked(partner=ticket.selling_partner, request_key=key)
    if known is not None and known.macro == wish.macro:
        return known.text, known.language
    return words_of(
        ticket=ticket, slug=wish.macro, language=wish.language or "", armed_on=armed_on, agent=agent
    )


@router.get(
    "/replies/{reply_id}",
    response=Reply,
    operation_id="read_reply",
    summary="Read a reply",
    openapi_extra={"responses": documented(ProblemCode.NOT_FOUND)},
)
def read(request: ProgramRequest, reply_id: access.ReplyId) -> Reply:
    """Return a reply: where it stands, the mail server's words, and every step."""
    return Reply.of(access.reply(agent_of(request), reply_id))


@router.post(
    "/replies/{reply_id}/withdraw",
    response=Reply,
    operation_id="withdraw_reply",
    summary="Take a reply back",
    openapi_extra={"responses": _STEPPING},
)
def withdraw(request: ProgramRequest, reply_id: access.ReplyId) -> Reply:
    """Take a reply back, or disarm it, before it has left."""
    agent = agent_of(request)
    reply = access.reply(agent, reply_id)
    if reply.state != State.WITHDRAWN:
        withdraw_reply(reply=reply, agent=agent, now=timezone.now())
    return Reply.of(access.reply(agent, reply_id))
