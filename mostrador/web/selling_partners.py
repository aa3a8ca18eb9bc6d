"""Selling partners: what an owner sets for one of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mostrador.actions.selling_partners import sign
from mostrador.domain.refusals import Refused
from mostrador.web.access import access_selling_partner, agent_of
from mostrador.web.words import refusals_words


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Show and keep what stands under a selling partner's answers; only owners find this page."""
    partner = access_selling_partner(request, partner_id)
    signature, problems = partner.signature, []
    if request.method == "POST":
        signature = request.POST.get("signature", "")
        try:
            sign(partner=partner, agent=agent_of(request), signature=signature)
        except Refused as refused:
            problems = refusals_words(refused.refusals)
        else:
            messages.success(request, _("Kept."))
            return HttpResponseRedirect(request.path)
    context = {"partner": partner, "signature": signature, "problems": problems}
    return render(request, "selling_partners/settings.html", context, status=422 if problems else 200)
