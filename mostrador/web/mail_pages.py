"""Mail pages: a mail as it was written, in a frame in which nothing runs."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from mostrador.models import Message
from mostrador.web.access import access_message

# A mail's own HTML: nothing runs, nothing loads, nothing leads out of its frame.
_NOTHING = ("default-src", "script-src", "img-src", "font-src", "connect-src", "form-action", "frame-src")
MAIL_POLICY = {
    **{source: [NONE] for source in (*_NOTHING, "manifest-src")},
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "sandbox": "allow-popups",
}


@require_safe
@xframe_options_exempt
@csp_replace(MAIL_POLICY)  # type: ignore[arg-type]  # its types know only views without arguments
def mail_html(request: HttpRequest, message_id: int) -> HttpResponse:
    """Return a mail's cleaned HTML for its sandboxed frame (the policy's frame-ancestors allow only us)."""
    message = access_message(request, message_id)
    return HttpResponse(mail_page(message, message.html), headers={"Cache-Control": "private, max-age=3600"})


def mail_page(message: Message, cleaned: str) -> SafeString:
    """Return the page around a mail's HTML, which must have been cleaned."""
    return format_html(
        '<!doctype html><html lang="{}"><meta charset="utf-8"><title>{}</title><body>{}</body></html>',
        message.ticket.language or "und",
        _("The mail as it was written"),
        mark_safe(cleaned),  # noqa: S308 - cleaned with nh3 when the mail was read
    )
