"""Usage plans agree with Amazon's models."""

from __future__ import annotations

import re

import pytest

from mostrador.amazon.quotas import USAGE_PLANS

from .conftest import model


@pytest.mark.parametrize(
    "name",
    ["feeds_2021-06-30.json", "orders_2026-01-01.json", "finances_2024-06-19.json", "notifications.json"],
)
def test_a_usage_plan_is_what_the_model_prints(name: str) -> None:
    checked = 0
    for path in model(name)["paths"].values():
        for operation in path.values():
            plan = USAGE_PLANS.get(operation.get("operationId", "")) if isinstance(operation, dict) else None
            if plan is not None:
                printed = re.search(r"\|\s*([0-9.]+)\s*\|\s*([0-9]+)\s*\|", operation["description"])
                assert printed is not None
                assert (str(plan.rate), plan.burst) == (printed[1], int(printed[2]))
                checked += 1
    assert checked > 0


def test_an_empty_bucket_says_when_it_holds_a_token_again() -> None:
    assert round(USAGE_PLANS["createFeed"].seconds_per_token) == 120
    assert round(USAGE_PLANS["getFeedDocument"].seconds_per_token) == 45
