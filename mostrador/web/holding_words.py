"""Holding words: why an order is on hold after a restore, and what ended it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from mostrador.domain.guards import MarkFate
from mostrador.models import Event
from mostrador.money import Money
from mostrador.web.notation import moment_text, money_text


def held_words(event: Event) -> str:
    """Return what may have left for an order."""
    words = _(
        "On hold: %(what)s was about to leave (%(at)s), and the restored database does not know it. It may "
        "have gone through: look in Seller Central."
    )
    at = datetime.fromisoformat(event.facts.get("marked_at") or event.at.isoformat())
    return words % {"what": _what(event), "at": moment_text(at, timezone.now())}


def released_words(event: Event, who: str) -> str:
    """Return what became of it."""
    facts = {"what": _what(event), "who": who, "because": event.facts.get("because") or ""}
    match event.facts.get("fate"):
        case MarkFate.IN_ACCOUNTS:
            return _("No longer on hold: Amazon's accounts show %(what)s") % facts
        case MarkFate.IN_ORDER:
            return _("No longer on hold: the order itself shows what became of %(what)s") % facts
        case MarkFate.NEVER_SENT:
            return _("No longer on hold: %(what)s never reached Amazon") % facts
        case _:
            return _("%(who)s released the order (%(what)s): %(because)s") % facts


def _what(event: Event) -> str:
    reference, total = str(event.facts.get("reference") or ""), int(event.facts.get("total") or 0)
    if not total:
        return reference
    amount = money_text(Money(total, str(event.facts["currency"])))
    return _("%(reference)s (%(amount)s)") % {"reference": reference, "amount": amount}
