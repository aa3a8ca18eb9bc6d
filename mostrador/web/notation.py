"""Notation: how amounts, times and spans are written and read in the agent's language."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from django.utils import timezone, translation
from django.utils.translation import gettext

from mostrador.money import Money, exponent

LONGEST_AMOUNT = 24  # characters


class Unreadable(ValueError):
    """What was typed is no amount, or could mean two."""


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


def locale() -> Locale:
    """Return the agent's locale."""
    return _locale(translation.get_language() or "en")


def money_text(money: Money) -> str:
    """Return an amount with its currency: "€15.00", "15,00 €"."""
    return format_currency(money.decimal, money.currency, locale=locale())


def amount_text(minor: int, currency: str) -> str:
    """Return an amount as it stands in a table or a field, without its currency: "15,00"."""
    value = Money(minor, currency).decimal
    pattern = "#,##0.00" if exponent(currency) else "#,##0"
    return format_decimal(value, format=pattern, locale=locale())


def field_text(minor: int, currency: str) -> str:
    """Return an amount as the agent would type it: "1500,00", without thousands."""
    value = Money(minor, currency).decimal
    return format_decimal(value, format="0.00" if exponent(currency) else "0", locale=locale())


def percent_text(percent: Decimal) -> str:
    """Return a percentage without needless zeros: "12.5 %", "12,5 %"."""
    return f"{format_decimal(percent, format='0.######', locale=locale())} %"


def symbol(currency: str) -> str:
    """Return the sign of a currency: "€"."""
    return get_currency_symbol(currency, locale=locale()) if currency else ""


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(\1\d{3})*")


def read_amount(text: str, currency: str) -> int:
    """Return the minor units someone typed as "15,00", "15.00", "1.500,00", "1,500.00", "€ 15" or "¥1,099".

    Raises: Unreadable for anything that is no amount, is finer than the currency, or could mean two amounts.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for sign in (symbol(currency), currency, "€", "$", "£", "¥", "円"):
        plain = plain.removeprefix(sign).removesuffix(sign).strip()
    plain = re.sub(r"[\s'’_]", "", plain)
    if not plain:
        return 0
    if len(plain) > LONGEST_AMOUNT or not re.fullmatch(r"-?\d[\d.,]*|-?[.,]\d+", plain):
        raise Unreadable(text)
    whole, fraction = _split(plain, exponent(currency))
    minor = int(whole.lstrip("-") or 0) * int(10 ** exponent(currency)) + int(fraction or 0)
    return -minor if plain.startswith("-") else minor


def _split(plain: str, decimals: int) -> tuple[str, str]:
    """Return the digits before and after the decimal sign."""
    mark = max(plain.rfind("."), plain.rfind(","))
    if mark < 0:
        return plain, "0"
    digits_after = len(plain) - mark - 1
    both = "." in plain and "," in plain
    if decimals == 0 or (plain.count(plain[mark]) > 1 and not both):
        if _GROUPED.fullmatch(plain.lstrip("-")) is None:
            raise Unreadable(plain)
        return re.sub(r"[.,]", "", plain), "0"
    before = plain[:mark]
    if digits_after not in (1, 2) or (both and _GROUPED.fullmatch(before.lstrip("-")) is None):
        raise Unreadable(plain)  # "1.500" could be one and a half thousand, or one and a half
    return re.sub(r"[.,]", "", before), plain[mark + 1 :].ljust(decimals, "0")


def read_percent(text: str) -> Decimal:
    """Return a percentage above 0 and up to 100, typed with "." or ",".

    Raises: Unreadable for anything else.
    """
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("%").strip().replace(",", ".")
    try:
        percent = Decimal(plain)
    except InvalidOperation:
        raise Unreadable(text) from None
    if not percent.is_finite() or not 0 < percent <= 100:
        raise Unreadable(text)
    return percent


# ── times ─────────────────────────────────────────────────────────────────────────────────────────────────


def clock_text(at: datetime, *, seconds: bool = False) -> str:
    """Return the time of day: "09:58", or "09:58:04"."""
    return format_time(timezone.localtime(at), "HH:mm:ss" if seconds else "HH:mm", locale=locale())


def moment_text(at: datetime, now: datetime) -> str:
    """Return when something was, as short as it is clear: "Today 08:12", "21 Nov 08:12"."""
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    clock = clock_text(at)
    if local.date() == today:
        return gettext("Today %(clock)s") % {"clock": clock}
    if local.date() == today - timedelta(days=1):
        return gettext("Yesterday %(clock)s") % {"clock": clock}
    if local.date() == today + timedelta(days=1):
        return gettext("Tomorrow %(clock)s") % {"clock": clock}
    return f"{day_text(at, now)}, {clock}"


def day_text(at: datetime, now: datetime) -> str:
    """Return a day: "21 Nov", with its year where that is another."""
    local = timezone.localtime(at)
    same_year = local.year == timezone.localtime(now).year
    return format_date(local.date(), _day_pattern(has_year=not same_year), locale=locale())


def _day_pattern(*, has_year: bool) -> str:
    """Return how the agent's language writes a day: "d MMM", in German "d. MMM"."""
    if locale().language == "en":  # of which there are two ways; the day stands first, as in the others
        return "d MMM y" if has_year else "d MMM"
    return str(locale().datetime_skeletons["yMMMd" if has_year else "MMMd"].pattern)


def exact_text(at: datetime) -> str:
    """Return a moment in full, for a tooltip."""
    pattern = f"{_day_pattern(has_year=True)}, HH:mm:ss zzz"
    return format_datetime(timezone.localtime(at), pattern, locale=locale())


def span_text(span: timedelta) -> str:
    """Return how long something lasts, in two units at most: "2 h 10 m", "38 m", "3 d"."""
    minutes = int(abs(span).total_seconds() // 60)
    hours, days = minutes // 60, minutes // (24 * 60)
    if days >= 2:
        return gettext("%(days)d d") % {"days": days}
    if hours >= 10 or (hours and minutes % 60 == 0):
        return gettext("%(hours)d h") % {"hours": hours}
    if hours:
        return gettext("%(hours)d h %(minutes)d m") % {"hours": hours, "minutes": minutes % 60}
    return gettext("%(minutes)d m") % {"minutes": minutes}


def ago_text(span: timedelta) -> str:
    """Return an age: "20 s ago", "3 m ago"."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return gettext("%(seconds)d s ago") % {"seconds": seconds}
    return gettext("%(span)s ago") % {"span": span_text(span)}
