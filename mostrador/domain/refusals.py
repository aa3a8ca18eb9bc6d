"""Refusals: what the rules say no to, as codes and facts that `web` and `api` put into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class RefusalCode(StrEnum):
    """Every reason for which a wish is refused; the value is what the API answers."""

    # the order as a whole
    ORDER_NOT_READ_YET = "order_not_read_yet"
    ORDER_PENDING = "order_pending"
    ORDER_UNSHIPPED = "order_unshipped"
    ORDER_PARTLY_SHIPPED = "order_partly_shipped"
    ORDER_SHIPPED = "order_shipped"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_UNFULFILLABLE = "order_unfulfillable"
    ORDER_STATUS_UNKNOWN = "order_status_unknown"
    ORDER_FROZEN = "order_frozen"
    ORDER_HELD = "order_held"
    FULFILLED_BY_AMAZON = "fulfilled_by_amazon"
    REPLACEMENT_ORDER = "replacement_order"
    NOTHING_LEFT = "nothing_left"
    SELLING_PARTNER_PAUSED = "selling_partner_paused"
    # the wish
    NO_LINES = "no_lines"
    LINE_TWICE = "line_twice"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_REASON = "unknown_reason"
    AMOUNT_NEGATIVE = "amount_negative"
    AMOUNT_ABOVE_LEFT = "amount_above_left"
    AMOUNT_UNREADABLE = "amount_unreadable"
    TAX_IS_IN_THE_PRICE = "tax_is_in_the_price"
    ITEM_HAS_OPEN_REFUND = "item_has_open_refund"
    ORDER_HAS_OPEN_ACTION = "order_has_open_action"
    CHANGED_SINCE_SEEN = "changed_since_seen"
    # a step of something already asked for
    TOO_LATE_TO_WITHDRAW = "too_late_to_withdraw"
    NOT_WAITING = "not_waiting"
    NOT_PROVEN_UNSENT = "not_proven_unsent"
    NOT_UNKNOWN = "not_unknown"
    NOT_IN_REVIEW = "not_in_review"
    PROOF_MISSING = "proof_missing"
    SECOND_PERSON_NEEDED = "second_person_needed"
    # replies
    EMPTY_MESSAGE = "empty_message"
    MESSAGE_TOO_LONG = "message_too_long"
    NO_ADDRESS = "no_address"
    NO_MAILBOX = "no_mailbox"
    NOT_TRUE_YET = "not_true_yet"
    AGAINST_POLICY = "against_policy"
    POLICY_WARNING = "policy_warning"
    # the files beside a reply
    FILE_EMPTY = "file_empty"
    FILE_KIND = "file_kind"
    FILE_NAME = "file_name"
    FILES_TOO_LARGE = "files_too_large"
    TOO_MANY_FILES = "too_many_files"
    FILE_GONE = "file_gone"
    NOT_AN_OWNER = "not_an_owner"
    # macros
    NO_SUCH_MACRO = "no_such_macro"
    MACRO_CHANGED = "macro_changed"
    MACRO_NOT_OFFERED = "macro_not_offered"
    NO_SUCH_AGENT = "no_such_agent"
    # a ticket and the team around it
    CHANGED_MEANWHILE = "changed_meanwhile"
    AGENT_IS_AWAY = "agent_is_away"
    TICKET_IS_CLOSED = "ticket_is_closed"
    NO_TAG = "no_tag"
    TOO_MANY_TAGS = "too_many_tags"
    SNOOZE_OUT_OF_RANGE = "snooze_out_of_range"
    SNOOZE_PAST_DUE = "snooze_past_due"
    SAME_TICKET = "same_ticket"
    NO_SUCH_TICKET = "no_such_ticket"
    MERGED_ALREADY = "merged_already"
    NOT_MERGED = "not_merged"
    OTHER_BUYER = "other_buyer"
    OTHER_ORDER = "other_order"
    REPLY_IS_WAITING = "reply_is_waiting"
    NOTHING_TO_SPLIT = "nothing_to_split"
    NOTHING_WOULD_STAY = "nothing_would_stay"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason, with the facts its sentence needs (plain strings and integers)."""

    code: RefusalCode
    facts: dict[str, str | int] = field(default_factory=dict)


class Refused(Exception):
    """A wish the rules refuse; nothing was written."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(", ".join(refusal.code for refusal in self.refusals))


class RequestKeyReused(Exception):
    """A request key that already stands for a wish with other content; nothing was written."""
