"""Images: the pictures of a mail, shown when a person asks for them, by way of this server."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from mostrador.mail.markup import IMAGE_PLACE
from mostrador.mail.remote_images import PUBLIC, SECONDS, Network, NoPicture, fetch
from mostrador.mail.sandbox import read_isolated
from mostrador.models import Agent, Message
from mostrador.web.access import access_message, agent_of, message_for
from mostrador.web.mail_pages import MAIL_POLICY, mail_page

# A page with images asks for them at once; after this its addresses open nothing.
SEALED_FOR = timedelta(minutes=10)
AT_ONCE = 4
_PLACE = re.compile(rf'<img src="{re.escape(IMAGE_PLACE)}(\d+)">')
_SEALS = TimestampSigner(salt="mostrador.mail-images")
_fetching = threading.BoundedSemaphore(AT_ONCE)


@require_safe
@xframe_options_exempt
@csp_replace({**MAIL_POLICY, "img-src": [SELF]})  # type: ignore[arg-type]  # knows only views without arguments
def mail_with_images(request: HttpRequest, message_id: int) -> HttpResponse:
    """Return a mail's page as `mail_html` does, with its images, which come from this server alone."""
    message = access_message(request, message_id)
    # Another site must not be able to have the images loaded, and so tell the sender that somebody reads.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return HttpResponseRedirect(reverse("mail-html", args=[message_id]))
    html, _addresses = _images_of(message)
    seal = _SEALS.sign(f"{message.pk}:{agent_of(request).pk}")
    shown = _PLACE.sub(lambda place: _tag(message, int(place[1]), seal), html)
    return HttpResponse(mail_page(message, shown), headers={"Cache-Control": "no-store"})


def _tag(message: Message, number: int, seal: str) -> str:
    return f'<img src="{reverse("mail-image", args=[message.pk, number])}?seal={seal}" alt="">'


def image_view(network: Network) -> Callable[..., HttpResponseBase]:
    """Build the view that fetches one image of a mail through `network`."""

    @login_not_required
    @require_safe
    @csp_replace({"default-src": [NONE], "sandbox": ""})  # type: ignore[arg-type]  # as above
    def image(request: HttpRequest, message_id: int, number: int) -> HttpResponse:
        """Return an image of a mail; its address comes from the stored mail, never from the request.

        The sealed frame sends no cookies: the seal in the address says which agent asked, and when.
        """
        message = message_for(_sealed_for(request, message_id), message_id)
        _html, addresses = _images_of(message)
        if number >= len(addresses):
            raise Http404
        return _fetched(addresses[number], network)

    return image


image = image_view(PUBLIC)


def _sealed_for(request: HttpRequest, message_id: int) -> Agent:
    """Return the agent an address was sealed for. Raises: Http404 when it was not, or is too old."""
    try:
        said = _SEALS.unsign(request.GET.get("seal", ""), max_age=SEALED_FOR)
    except BadSignature:
        raise Http404 from None
    about, _, agent_id = said.partition(":")
    agent = Agent.objects.filter(pk=int(agent_id), is_active=True).first()
    if about != str(message_id) or agent is None:
        raise Http404
    return agent


def _images_of(message: Message) -> tuple[str, tuple[str, ...]]:
    """Return a mail's HTML with its images' places, and their addresses, read anew from the stored mail."""
    if message.raw is None:
        return message.html, ()
    known = cache.get(f"mail-images:{message.pk}")
    if known is None:
        trusted = frozenset(settings.TRUSTED_AUTHSERV_IDS)
        mail = read_isolated(bytes(message.raw.content), trusted_authserv_ids=trusted)
        known = (mail.html_with_images or mail.body_html_clean, mail.image_addresses)
        cache.set(f"mail-images:{message.pk}", known, SEALED_FOR.total_seconds())
    html, addresses = known
    return str(html), tuple(addresses)


def _fetched(address: str, network: Network) -> HttpResponse:
    if not _fetching.acquire(timeout=SECONDS):
        return HttpResponse(status=503, headers={"Retry-After": "10"})
    try:
        picture = fetch(address, network=network)
    except NoPicture as no:
        return HttpResponse(no.why, status=404, content_type="text/plain")
    finally:
        _fetching.release()
    response = HttpResponse(picture.content, content_type=picture.content_type)
    response.headers["Content-Disposition"] = "attachment"
    response.headers["Cache-Control"] = f"private, max-age={SEALED_FOR.seconds}"
    return response
