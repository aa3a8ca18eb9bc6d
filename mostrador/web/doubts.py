"""Doubts: what makes a mail doubtful or damaged, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.domain.senders import Doubt

_CODES = "doubt:"


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning above a mail: how loud, its first words, and what follows from them."""

    tone: str
    icon: str
    first: str | Promise
    then: str | Promise = ""


WARNINGS: dict[Doubt, Warned] = {
    Doubt.FORGED: Warned(
        "bad",
        "shield-alert",
        gettext_lazy("The sender could not be verified"),
        gettext_lazy("This may not be from Amazon's buyer: check the order before you act on it."),
    ),
    Doubt.NOT_FROM_AMAZON: Warned(
        "warn",
        "shield-question-mark",
        gettext_lazy("Not sent through Amazon"),
        gettext_lazy("It did not come by Amazon's relay, so anybody may have written it."),
    ),
    Doubt.ORDER_OF_ANOTHER: Warned(
        "bad",
        "shield-alert",
        gettext_lazy("It names the order of another buyer"),
        gettext_lazy("That order was not joined to this ticket. Do not tell this sender anything about it."),
    ),
    Doubt.CUT: Warned(
        "warn",
        "scissors",
        gettext_lazy("The mail was longer than 30 MB"),
        gettext_lazy("Only its beginning is kept; files may be missing."),
    ),
    Doubt.BOUNCE: Warned(
        "warn",
        "mail-x",
        gettext_lazy("A mail server's notice, not a buyer's words"),
        gettext_lazy("It says that a letter could not be delivered."),
    ),
}


def warnings_of(defects: Iterable[str], *, authentic: bool | None) -> list[Warned]:
    """Return what stands above a mail; what the reader found damaged comes last, as it was noted."""
    found = list(defects)
    codes = {each for each in found if each.startswith(_CODES)}
    if authentic is False:
        codes.add(Doubt.FORGED)
    shown = [warning for doubt, warning in WARNINGS.items() if doubt in codes]
    damage = [each for each in found if not each.startswith(_CODES)]
    if damage:
        first = _("The mail is damaged; it is shown as far as it can be read.")
        shown.append(Warned("warn", "triangle-alert", first, " · ".join(damage)))
    return shown
