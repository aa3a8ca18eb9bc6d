"""Telephones: numbers a buyer could call, told from order ids, tracking numbers, amounts and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mostrador.domain.policy_words import OTHER_NUMBER, TELEPHONE

FEWEST_DIGITS = 7
MOST_DIGITS = 15
# So far before a number stands the word that says what it is.
_BEFORE = 40
_NUMBER = re.compile(
    r"(?<![\w.,/+#-])(?:\+|00)?[\s(]{0,2}\d[\d\s()./-]{4,24}\d(?![\w-]|[.,]\d|/\d)", re.ASCII
)
_ORDER = re.compile(r"\d{3}-\d{7}-\d{7}")
_DATE = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))"
    r"(?:\s+(?:-\s+)?(?:\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{1,2}))?"
)
_MONEY_BEFORE = re.compile(r"(?:[€$£¥]|\b(?:EUR|USD|GBP|JPY|CAD|MXN|SEK|PLN))\s*\Z")
_MONEY_AFTER = re.compile(r"\s*(?:[€$£¥円]|(?:EUR|USD|GBP|JPY|CAD|MXN|SEK|PLN)\b|%)")


def telephones(text: str) -> Iterator[tuple[int, int, bool]]:
    """Find each number to call: where it begins and ends, and whether that is certain."""
    masked = _ORDER.sub(lambda order: "X" * len(order.group()), text)
    for found in _NUMBER.finditer(masked):
        number = found.group().rstrip(" ().-/")
        end = found.start() + len(number)
        is_certain = _is_telephone(masked, found.start(), end)
        if is_certain is not None:
            lead = len(number) - len(number.lstrip())
            yield found.start() + lead, end, is_certain


def _is_telephone(text: str, start: int, end: int) -> bool | None:
    """Return whether a number is certainly to call (True), perhaps (False), or not at all (None)."""
    number = text[start:end].strip()
    digits = re.sub(r"\D", "", number)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS or _DATE.fullmatch(number):
        return None
    before = text[max(0, start - _BEFORE) : start]
    if _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text[end : end + 6]):
        return None
    called, named = _last(TELEPHONE, before), _last(OTHER_NUMBER, before)
    if number.startswith("+"):
        return True
    if called > named:
        return True
    if named >= 0:
        return None
    return False if _looks_local(number, digits) else None


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Return where the last word of a kind begins, or -1; another sentence's words count for nothing."""
    sentence = re.split(r"(?<=\w{4})[.!?]\s|[。！？]|\n\n", text)[-1]
    offset = len(text) - len(sentence)
    return max((offset + found.start() for found in pattern.finditer(sentence)), default=-1)


def _looks_local(number: str, digits: str) -> bool:
    """Return whether a number without any word for it is written as people write telephone numbers."""
    is_grouped = bool(re.search(r"[\s()/-]", number))
    if number.startswith("00"):
        return len(digits) >= 10
    if digits.startswith("0"):
        return 9 <= len(digits) <= 12 and is_grouped
    return bool(re.fullmatch(r"\(?\d{3}\)?[\s-]\d{3}[\s-]\d{4}|[6789]\d{2} \d{3} \d{3}", number))
