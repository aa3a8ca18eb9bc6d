"""Places: the marketplaces of the archive, with what their orders look like."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SKUS = ("NL-VINTER", "NL-EBBE", "NL-TIND", "NL-MOSSA", "NL-ULV", "NL-HAVN")
ASINS = ("B0D1VNTR7K", "B0D1EBBE3W", "B0D1TND5QX", "B0D1MSSA8C", "B0D1ULV2RN", "B0D1HVN6LT")
PRICES = (8990, 3490, 4995, 1895, 2450, 5990)  # minor units; yen are as many
SHIPPING = 499
TAX_PERCENT = 8  # where prices do not hold their tax


@dataclass(frozen=True, slots=True)
class Place:
    """One marketplace: how often tickets come from it, and how its orders are numbered and delivered."""

    country: str
    share: int
    language: str
    prefix: str
    carrier: str
    city: str
    postal_code: str
    money: str
    digits: int = 2
    has_tax: bool = False

    def words(self, minor: int) -> str:
        """Return an amount as people there write it."""
        text = f"{minor / 10**self.digits:,.{self.digits}f}"
        return self.money.format(text.replace(".", ",") if self.money.endswith("€") else text)


PLACES = (
    Place("DE", 30, "de", "304", "DHL", "Münster", "48143", "{} €"),
    Place("UK", 22, "en", "204", "Royal Mail", "Leeds", "LS1 4DY", "£{}"),
    Place("US", 16, "en", "113", "UPS", "Portland", "97205", "${}", has_tax=True),
    Place("FR", 11, "fr", "405", "Colissimo", "Nantes", "44000", "{} €"),
    Place("IT", 8, "it", "408", "BRT", "Bologna", "40121", "{} €"),
    Place("ES", 9, "es", "406", "Correos", "Valencia", "46002", "{} €"),
    Place("JP", 4, "ja", "250", "ヤマト運輸", "横浜市", "220-0012", "{}円", digits=0),
)


@cache
def texts() -> dict[str, Any]:
    """Return what buyers and agents say, by language."""
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
