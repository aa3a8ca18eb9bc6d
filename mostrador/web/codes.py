"""Codes: what Amazon's numbers in a processing report mean, as far as that is known."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# Source: docs/reference/what-amazon-allows.md; Amazon's own words always stand beside ours.
_MEANINGS = {
    "25161": _("Amazon refused: more than is left of the item's price or tax."),
    "25181": _("Amazon refused: more than is left of the shipping."),
    "25221": _("Amazon refused: an amount was negative."),
    "25441": _("Amazon refused: it does not know this order number."),
    "30741": _("Amazon refused: the refund is zero, or more than is left."),
    "18028": _("Amazon refused: something was missing or not valid."),
}


def code_words(code: str) -> str:
    """Return what a code of Amazon means, or nothing where that is not known."""
    return str(_MEANINGS.get(code, ""))
