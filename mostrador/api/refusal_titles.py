"""Refusal titles: one English sentence for each code, for people who read a program's log."""

from __future__ import annotations

from mostrador.domain.refusals import RefusalCode

TITLES: dict[RefusalCode, str] = {
    RefusalCode.ORDER_NOT_READ_YET: "The order has not been read from Amazon yet.",
    RefusalCode.ORDER_PENDING: "Amazon has not released the order yet.",
    RefusalCode.ORDER_UNSHIPPED: "Nothing of the order has been shipped; it can be cancelled instead.",
    RefusalCode.ORDER_PARTLY_SHIPPED: "A part of the order has been shipped; refund its items instead.",
    RefusalCode.ORDER_SHIPPED: "The order has been shipped; refund it instead.",
    RefusalCode.ORDER_CANCELLED: "The order is cancelled.",
    RefusalCode.ORDER_UNFULFILLABLE: "Amazon marks the order as one that cannot be fulfilled.",
    RefusalCode.ORDER_STATUS_UNKNOWN: "Amazon gives the order a status this program does not know.",
    RefusalCode.ORDER_FROZEN: "The order is frozen by a cancellation that is under way.",
    RefusalCode.FULFILLED_BY_AMAZON: "Amazon fulfils the order itself and refunds and cancels it itself.",
    RefusalCode.REPLACEMENT_ORDER: "The order is a free replacement; refund the original order.",
    RefusalCode.NOTHING_LEFT: "Nothing is left to refund.",
    RefusalCode.SELLING_PARTNER_PAUSED: "Sending is paused for this selling partner.",
    RefusalCode.NO_LINES: "The refund gives nothing back.",
    RefusalCode.LINE_TWICE: "An order item is named twice.",
    RefusalCode.UNKNOWN_ITEM: "The order has no such item.",
    RefusalCode.UNKNOWN_REASON: "Amazon knows no such reason.",
    RefusalCode.AMOUNT_NEGATIVE: "An amount is negative.",
    RefusalCode.AMOUNT_ABOVE_LEFT: "An amount is above what is left of its component.",
    RefusalCode.AMOUNT_UNREADABLE: "An amount has another currency than the order, or too many decimals.",
    RefusalCode.TAX_IS_IN_THE_PRICE: "Prices of this marketplace include tax; refund it with its price.",
    RefusalCode.ITEM_HAS_OPEN_REFUND: "Another refund of the item is under way.",
    RefusalCode.ORDER_HAS_OPEN_ACTION: "A refund of the order is under way.",
    RefusalCode.CHANGED_SINCE_SEEN: "The order has changed meanwhile; read it again.",
    RefusalCode.TOO_LATE_TO_WITHDRAW: "It can no longer be taken back.",
    RefusalCode.NOT_WAITING: "It is not waiting for its undo window any more.",
    RefusalCode.NOT_PROVEN_UNSENT: "It is not proven that it was never sent.",
    RefusalCode.NOT_UNKNOWN: "Its outcome is not unknown.",
    RefusalCode.NOT_IN_REVIEW: "It is not in review.",
    RefusalCode.PROOF_MISSING: "A finding needs a proof.",
    RefusalCode.SECOND_PERSON_NEEDED: "Another person must have seen the same.",
    RefusalCode.EMPTY_MESSAGE: "The message is empty.",
    RefusalCode.MESSAGE_TOO_LONG: "The message is too long.",
    RefusalCode.NO_ADDRESS: "The ticket has no address to answer to.",
    RefusalCode.NO_MAILBOX: "The ticket has no mailbox to answer from.",
    RefusalCode.NOT_TRUE_YET: "The message would say what has not happened.",
}
