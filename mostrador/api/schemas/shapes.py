"""What all shapes share: what programs send is taken strictly, what they read may grow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mostrador import money
from mostrador.models import Agent, SellingPartner


class Asked(BaseModel):
    """What a program sends: no unknown fields, no type taken for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Shown(BaseModel):
    """What a program reads; fields may be added later."""

    model_config = ConfigDict(frozen=True)


# PostgreSQL's text cannot hold the NUL character, so nothing we store may.
_NO_NUL = r"^[^\x00]*$"

ReasonText = Annotated[str, Field(max_length=60, pattern=_NO_NUL)]
NoteText = Annotated[str, Field(max_length=2000, pattern=_NO_NUL)]
MessageText = Annotated[str, Field(max_length=1_000_000, pattern=_NO_NUL)]
ItemId = Annotated[str, Field(max_length=40, pattern=_NO_NUL)]


class Money(Asked):
    """An exact amount: decimals as text, never a JSON number, and its currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": "15.00", "currency": "EUR"}]})

    amount: str = Field(
        pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,8})?$",
        description="Decimal text with at most the currency's decimals: two, none for the yen.",
    )
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")

    @classmethod
    def of(cls, minor: int, currency: str) -> Money:
        """Return `minor` units of `currency` as JSON shows them."""
        return cls(amount=str(money.Money(minor, currency).decimal), currency=currency)


class Partner(Shown):
    """A selling partner: one seller in one region of Amazon."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"}]}
    )

    name: str
    seller_id: str = Field(description="Amazon's id of the seller.")
    region: Literal["na", "eu", "fe"]

    @classmethod
    def of(cls, partner: SellingPartner) -> Partner:
        """Return the selling partner as JSON shows it."""
        return cls.model_validate(
            {"name": partner.name, "seller_id": partner.seller_id, "region": partner.region}
        )


def name_of(agent: Agent | None) -> str | None:
    """Return an agent's name; nobody has none."""
    return agent.name if agent else None
