"""Merging: only tickets of one buyer become one, and a split leaves something behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mostrador.domain.merging import MergeFacts, merge_refusals, split_refusals
from mostrador.domain.refusals import RefusalCode

C = RefusalCode
HERE = MergeFacts("T-1001", partner_id=1, buyer="a@marketplace.amazon.de", order_id=7)
THERE = replace(HERE, reference="T-1002")


@pytest.mark.parametrize(
    ("other", "codes"),
    [
        ({}, []),
        ({"order_id": None}, []),
        ({"buyer": "b@marketplace.amazon.de"}, []),  # the same order: Amazon changed the buyer's alias
        ({"reference": "T-1001"}, [C.SAME_TICKET]),
        ({"partner_id": 2}, [C.OTHER_BUYER]),
        ({"buyer": "b@marketplace.amazon.de", "order_id": None}, [C.OTHER_BUYER]),
        ({"buyer": "", "order_id": None}, [C.OTHER_BUYER]),
        ({"order_id": 8}, [C.OTHER_ORDER]),
        ({"waiting_reply": "M-1001"}, [C.REPLY_IS_WAITING]),
        ({"merged_into": "T-1009"}, [C.MERGED_ALREADY]),
    ],
)
def test_only_tickets_of_one_buyer_and_order_become_one(other: dict[str, Any], codes: list[C]) -> None:
    source = replace(THERE, **other)
    assert [refusal.code for refusal in merge_refusals(source, HERE)] == codes


def test_two_without_a_buyer_are_not_of_the_same_buyer() -> None:
    nobody = replace(HERE, buyer="", order_id=None)
    assert merge_refusals(replace(nobody, reference="T-1002"), nobody)[0].code == C.OTHER_BUYER


@pytest.mark.parametrize(
    ("chosen", "found", "staying", "codes"),
    [
        (1, 1, 1, []),
        (0, 0, 1, [C.NOTHING_TO_SPLIT]),
        (2, 1, 1, [C.NOTHING_TO_SPLIT]),
        (1, 1, 0, [C.NOTHING_WOULD_STAY]),
    ],
)
def test_a_split_takes_what_was_chosen_and_leaves_something(
    chosen: int, found: int, staying: int, codes: list[C]
) -> None:
    refusals = split_refusals(chosen=chosen, found=found, staying=staying)
    assert [refusal.code for refusal in refusals] == codes
