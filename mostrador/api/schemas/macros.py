"""Macros as JSON: the replies a team shares, their words in every language, and what they carry."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from mostrador.api.schemas.shapes import Shown
from mostrador.domain import macros as rules
from mostrador.domain.macro_reading import plain_macro


class MacroStep(Shown):
    """One step a macro carries when an agent presses it in the desk."""

    do: str = Field(description="refund, cancel, tag, assign, priority or close.")
    how: str | None = Field(default=None, description="Of a refund: full, percent, shipping or goods.")
    percent: str | None = None
    reason: str | None = Field(default=None, description="Amazon's reason.")
    tag: str | None = None
    to: str | None = Field(default=None, description="An agent's address, me or nobody.")
    priority: str | None = None


class MacroConditions(Shown):
    """Where a macro is offered; an empty list or null means anywhere."""

    marketplaces: list[str] = Field(description="Country codes.")
    statuses: list[str] = Field(description="Amazon's fulfillment statuses.")
    fulfilled_by: str | None = Field(description="FBA or FBM.")
    open_refund: bool | None
    asked_to_cancel: bool | None
    languages: list[str]


class Macro(Shown):
    """One macro; a reply names it by `slug`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slug": "refund_issued",
                    "title": {"en": "Refund issued"},
                    "text": {"en": "We have issued a refund of {amount} for your order {order}."},
                    "says": "refunded",
                    "when": {
                        "marketplaces": [],
                        "statuses": [],
                        "fulfilled_by": None,
                        "open_refund": None,
                        "asked_to_cancel": None,
                        "languages": [],
                    },
                    "steps": [],
                    "active": True,
                }
            ]
        }
    )

    slug: str
    title: dict[str, str] = Field(description="By language, for agents.")
    text: dict[str, str] = Field(description="By language, for buyers, with places such as {amount} open.")
    says: str | None = Field(
        description="What it claims: refunded, cancelled, refund_under_way or shipped; a reply with it is "
        "refused while that is not true."
    )
    when: MacroConditions
    steps: list[MacroStep]
    active: bool

    @classmethod
    def of(cls, macro: rules.Macro) -> Macro:
        """Return the macro as JSON shows it."""
        plain = plain_macro(macro)
        when: dict[str, Any] = plain.get("when", {})
        return cls(
            slug=macro.slug,
            title=plain["title"],
            text=plain["text"],
            says=macro.says.value or None,
            when=MacroConditions(
                marketplaces=when.get("marketplaces", []),
                statuses=when.get("statuses", []),
                fulfilled_by=when.get("fulfilled_by"),
                open_refund=when.get("open_refund"),
                asked_to_cancel=when.get("asked_to_cancel"),
                languages=when.get("languages", []),
            ),
            steps=[MacroStep.model_validate(step) for step in plain["steps"]],
            active=macro.is_active,
        )


class Macros(Shown):
    """Every macro, in the team's order."""

    items: list[Macro]
