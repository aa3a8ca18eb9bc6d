"""Words: every refusal as a sentence with the right next step, in the agent's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.amazon.components import Component
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.money import Money
from mostrador.web.notation import moment_text, money_text
from mostrador.web.reply_words import REPLY_SENTENCES, rule_facts
from mostrador.web.states import STATE_WORDS
from mostrador.web.team_words import TEAM_SENTENCES, change_words

COMPONENT_WORDS = {
    Component.PRINCIPAL: gettext_lazy("Item"),
    Component.TAX: gettext_lazy("Tax"),
    Component.SHIPPING: gettext_lazy("Shipping"),
    Component.SHIPPING_TAX: gettext_lazy("Shipping tax"),
    Component.GIFT_WRAP: gettext_lazy("Gift wrap"),
    Component.GIFT_WRAP_TAX: gettext_lazy("Gift wrap tax"),
}

_C = RefusalCode
_SENTENCES = {
    _C.ORDER_NOT_READ_YET: gettext_lazy(
        "This order has not been read from Amazon yet. It will be in a moment; or press “Read again”."
    ),
    _C.ORDER_PENDING: gettext_lazy(
        "Amazon has not released this order yet, so nothing can be done with it. The buyer can cancel it "
        "alone under “Your Orders”."
    ),
    _C.ORDER_UNSHIPPED: gettext_lazy(
        "Not shipped yet, so the buyer has not paid: cancel the order instead, or refund once it has shipped."
    ),
    _C.ORDER_PARTLY_SHIPPED: gettext_lazy(
        "Part of it has shipped: a cancellation would touch all of it. Ship the rest, or refund what will "
        "not be sent."
    ),
    _C.ORDER_SHIPPED: gettext_lazy("Shipped orders cannot be cancelled: refund instead."),
    _C.ORDER_CANCELLED: gettext_lazy("This order is cancelled; the buyer was not charged."),
    _C.ORDER_UNFULFILLABLE: gettext_lazy(
        "Amazon calls this order unfulfillable: look at it in Seller Central."
    ),
    _C.ORDER_STATUS_UNKNOWN: gettext_lazy(
        "Amazon shows a status this program does not know (%(status)s): act in Seller Central."
    ),
    _C.ORDER_FROZEN: gettext_lazy(
        "The order is on hold while its cancellation %(cancellation)s is under way. Take that back, or wait "
        "for Amazon's answer."
    ),
    _C.ORDER_HELD: gettext_lazy(
        "On hold after the database was restored: a refund or cancellation was about to leave for this order "
        "(%(due)s), and the desk has forgotten it. It may have gone through. Look at the order in Seller "
        "Central; nothing more is refunded here until Amazon's accounts show it (up to 48 hours) or an owner "
        "releases the order (mostrador release-order)."
    ),
    _C.FULFILLED_BY_AMAZON: gettext_lazy(
        "Amazon fulfils this order (FBA): only Amazon can cancel or refund it. Send the buyer to Amazon's "
        "customer service; what Amazon pays back appears here."
    ),
    _C.REPLACEMENT_ORDER: gettext_lazy(
        "A free replacement of order %(original)s: there is nothing to refund. Refund the original instead."
    ),
    _C.NOTHING_LEFT: gettext_lazy("Everything the buyer paid has been refunded or is on its way back."),
    _C.SELLING_PARTNER_PAUSED: gettext_lazy(
        "Sending is paused for this selling partner. An owner can resume it."
    ),
    _C.NO_LINES: gettext_lazy("Nothing to refund: enter an amount above zero."),
    _C.LINE_TWICE: gettext_lazy("Item %(item)s stands there twice: keep one line for it."),
    _C.UNKNOWN_ITEM: gettext_lazy("Item %(item)s is not in this order. Read the order again."),
    _C.UNKNOWN_REASON: gettext_lazy(
        "Choose Amazon's reason: without one Amazon takes neither a refund nor a cancellation."
    ),
    _C.AMOUNT_NEGATIVE: gettext_lazy(
        "%(component)s of “%(title)s”: a refund cannot be negative. Enter %(zero)s or more."
    ),
    _C.AMOUNT_ABOVE_LEFT: gettext_lazy(
        "%(component)s of “%(title)s”: %(amount)s is more than the %(left)s that are left."
    ),
    _C.AMOUNT_UNREADABLE: gettext_lazy(
        "%(field)s: “%(text)s” cannot be read as an amount. Write it like %(example)s."
    ),
    _C.TAX_IS_IN_THE_PRICE: gettext_lazy(
        "%(component)s of “%(title)s”: prices include tax here, so refund it as part of the price."
    ),
    _C.ITEM_HAS_OPEN_REFUND: gettext_lazy(
        "Refund %(refund)s of “%(title)s” is still under way. Wait for its outcome before the next one."
    ),
    _C.ORDER_HAS_OPEN_ACTION: gettext_lazy(
        "Refund %(refund)s is still under way on this order. Wait for its outcome, or take it back."
    ),
    _C.CHANGED_SINCE_SEEN: gettext_lazy(
        "Something changed on this order since you opened the form: %(left)s are left now. Nothing was sent; "
        "check the amounts and press again."
    ),
    _C.TOO_LATE_TO_WITHDRAW: gettext_lazy("Too late to take it back: it is already “%(state)s”."),
    _C.NOT_WAITING: gettext_lazy("It is no longer waiting: it has left already, or was taken back."),
    _C.NOT_PROVEN_UNSENT: gettext_lazy(
        "It may have gone through, so it cannot be sent again. Only proof that nothing reached Amazon "
        "opens that door."
    ),
    _C.NOT_UNKNOWN: gettext_lazy("Its outcome is not unknown any more: there is nothing to look for."),
    _C.NOT_IN_REVIEW: gettext_lazy("It no longer needs a review: its outcome is decided."),
    _C.PROOF_MISSING: gettext_lazy(
        "Say what you saw, and where: for instance the refund's date and amount in Seller Central."
    ),
    _C.SECOND_PERSON_NEEDED: gettext_lazy(
        "You have said what you saw. Above this amount a second person must look as well."
    ),
    _C.EMPTY_MESSAGE: gettext_lazy("There is nothing to send: write a message first."),
    _C.MESSAGE_TOO_LONG: gettext_lazy("The message has %(length)s characters; %(longest)s fit. Shorten it."),
    _C.NO_ADDRESS: gettext_lazy("No address of the buyer is known: answer in Seller Central."),
    _C.NO_MAILBOX: gettext_lazy(
        "This ticket has no mailbox to answer from: add one with “mostrador add-mailbox”, or answer in "
        "Seller Central."
    ),
    _C.NOT_TRUE_YET: gettext_lazy(
        "The message says something that is not true yet. Send it when Amazon accepts, or change the words."
    ),
    _C.NO_SUCH_MACRO: gettext_lazy("There is no macro “%(macro)s”, or it is switched off."),
    _C.MACRO_CHANGED: gettext_lazy(
        "Somebody changed this macro meanwhile. Nothing was done; open it again to see what it does now."
    ),
    _C.MACRO_NOT_OFFERED: gettext_lazy("This macro is not meant for a ticket like this one."),
    _C.NO_SUCH_AGENT: gettext_lazy(
        "This macro gives the ticket to %(agent)s, who cannot sign in. An owner can change the macro."
    ),
    **TEAM_SENTENCES,
    **REPLY_SENTENCES,
}
# Sentences for the same code when its facts are not known.
_WITHOUT_FACTS = {
    _C.ORDER_FROZEN: gettext_lazy("The order is on hold while its cancellation is under way."),
    _C.CHANGED_SINCE_SEEN: gettext_lazy(
        "Something changed on this order at the same moment. Nothing was sent; look at what is left, and "
        "press again."
    ),
}
# What the amount of a refusal about money is called in its sentence.
_MONEY_FACTS = ("amount", "left", "seen")


def refusal_words(refusal: Refusal) -> str:
    """Return the sentence for one refusal."""
    if refusal.code is RefusalCode.CHANGED_MEANWHILE and "kind" in refusal.facts:
        return change_words(refusal.facts)
    if not refusal.facts and refusal.code in _WITHOUT_FACTS:
        return str(_WITHOUT_FACTS[refusal.code])
    return str(_SENTENCES[refusal.code]) % _facts(refusal.facts)


def refusals_words(refusals: Iterable[Refusal]) -> list[str]:
    """Return the sentences for several refusals, each once."""
    return list(dict.fromkeys(refusal_words(refusal) for refusal in refusals))


def _facts(facts: Mapping[str, str | int]) -> _Facts:
    worded: dict[str, str] = {name: str(value) for name, value in facts.items()}
    currency = str(facts.get("currency", ""))
    for name in _MONEY_FACTS:
        if currency and isinstance(facts.get(name), int):
            worded[name] = money_text(Money(int(facts[name]), currency))
    if currency:
        worded["zero"] = money_text(Money.zero(currency))
    if "component" in worded:
        worded["component"] = str(COMPONENT_WORDS[Component(worded["component"])])
    if worded.get("state") in STATE_WORDS:
        worded["state"] = str(STATE_WORDS[worded["state"]])
    if "due" in worded:
        worded["due"] = moment_text(datetime.fromisoformat(worded["due"]), timezone.now())
    if "rule" in worded:
        worded |= rule_facts(worded["rule"])
    if "title" in worded:
        worded["title"] = short_title(worded["title"]) or worded.get("item", "")
    return _Facts(worded)


class _Facts(dict[str, str]):
    """Facts whose unknown names become a dash: a sentence never fails for want of one."""

    def __missing__(self, name: str) -> str:
        return "–"


def short_title(title: str, longest: int = 40) -> str:
    """Return a product's title, cut where it would fill the line."""
    return title if len(title) <= longest else title[: longest - 1].rstrip() + "…"


def key_reused_words() -> str:
    """Return the sentence for a request key that already stands for another wish."""
    return _("This form was already used for another wish. Open it again to start anew.")
