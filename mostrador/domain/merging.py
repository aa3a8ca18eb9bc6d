"""Merging: when two tickets may become one, and when messages may leave for a ticket of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mostrador.domain.refusals import Refusal, RefusalCode


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """What counts about a ticket that is to be merged."""

    reference: str
    partner_id: int
    buyer: str  # the relay alias without its +token, or nothing
    order_id: int | None
    merged_into: str = ""  # the reference of the ticket it shows in already
    waiting_reply: str = ""  # the reference of an answer that has not left yet


def merge_refusals(source: MergeFacts, target: MergeFacts) -> Sequence[Refusal]:
    """Return why `source` may not show in `target`: an answer must never reach another buyer."""
    if source.reference == target.reference:
        return [Refusal(RefusalCode.SAME_TICKET, {"ticket": source.reference})]
    merged = next((each for each in (source, target) if each.merged_into), None)
    if merged:
        facts = {"ticket": merged.reference, "into": merged.merged_into}
        return [Refusal(RefusalCode.MERGED_ALREADY, dict(facts))]
    same_order = source.order_id is not None and source.order_id == target.order_id
    same_buyer = bool(source.buyer) and source.buyer == target.buyer
    if source.partner_id != target.partner_id or not (same_buyer or same_order):
        return [Refusal(RefusalCode.OTHER_BUYER, {"ticket": source.reference})]
    if source.order_id and target.order_id and not same_order:
        return [Refusal(RefusalCode.OTHER_ORDER, {"ticket": source.reference})]
    if source.waiting_reply:
        return [Refusal(RefusalCode.REPLY_IS_WAITING, {"reply": source.waiting_reply})]
    return []


def split_refusals(*, chosen: int, found: int, staying: int) -> Sequence[Refusal]:
    """Return why chosen messages may not leave: `found` can, and `staying` of the buyer's would stay."""
    if not chosen or found != chosen:
        return [Refusal(RefusalCode.NOTHING_TO_SPLIT)]
    if not staying:
        return [Refusal(RefusalCode.NOTHING_WOULD_STAY)]
    return []
