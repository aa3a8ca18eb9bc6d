"""Money: an amount in minor units and a currency, which cannot be mixed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation

# Currencies of Amazon's marketplaces whose smallest unit is the unit itself (ISO 4217 exponent 0).
_WITHOUT_DECIMALS = frozenset({"JPY"})
_MOST_DIGITS = 15  # before the point
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])  # nothing is rounded in silence


class MoneyError(ValueError):
    """An amount that is not money: unreadable, finer than the currency allows, or of another currency."""


def exponent(currency: str) -> int:
    """Return how many decimals `currency` has: 2, or 0 for the yen."""
    return 0 if currency in _WITHOUT_DECIMALS else 2


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount. `minor` counts the smallest unit (cents, yen) and may be negative."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise MoneyError(f"minor units are whole numbers, not {type(self.minor).__name__}")
        if not (
            len(self.currency) == 3
            and self.currency.isascii()
            and self.currency.isalpha()
            and self.currency.isupper()
        ):
            raise MoneyError(f"not an ISO 4217 currency: {self.currency!r}")

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> Money:
        """Return the money written as a decimal such as "12.50".

        Raises: MoneyError when it is not a finite number or has more decimals than the currency.
        """
        # A float is no amount; and Python's own reader takes "1_000" and rounds after 28 digits.
        if not isinstance(amount, str | Decimal) or "_" in str(amount):
            raise MoneyError(f"not an amount: {amount!r}")
        try:
            value = Decimal(amount)
            scaled = value.scaleb(exponent(currency), context=_EXACT)
        except DecimalException:
            raise MoneyError(f"not an amount of {currency}: {amount!r}") from None
        if not value.is_finite() or value.adjusted() >= _MOST_DIGITS:
            raise MoneyError(f"not an amount: {amount!r}")
        if scaled != scaled.to_integral_value():
            raise MoneyError(f"{amount} has more decimals than {currency} allows")
        return cls(int(scaled), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing, in `currency`."""
        return cls(0, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount as a decimal with exactly the currency's decimals: 12.50, or 1099 for yen."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other).minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be mixed")
        return other


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum of `amounts`; `currency` names the zero of an empty sum."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def spread(minor: int, weights: Sequence[int]) -> list[int]:
    """Return `minor` units split in proportion to `weights`, exactly, never above a weight while it fits.

    The remainder rule: everyone gets the rounded-down share, then the units left over go one by one to
    the largest fractions, the earlier line first where fractions are equal (largest-remainder method).

    Raises: MoneyError when something must be spread over nothing, or a number is negative.
    """
    whole = sum(weights)
    if minor < 0 or any(weight < 0 for weight in weights):
        raise MoneyError("only amounts of zero or more can be spread")
    if minor == 0:
        return [0] * len(weights)
    if whole == 0:
        raise MoneyError("there is nothing to spread the amount over")
    shares = [minor * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % whole), i))
    for i in by_fraction[: minor - sum(shares)]:
        shares[i] += 1
    return shares
