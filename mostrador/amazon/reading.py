"""Reading Amazon's JSON: missing parts are None, wrong types are a clear error, new words are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mostrador.amazon.client import Answer, unreadable
from mostrador.money import Money, MoneyError


@dataclass(frozen=True, slots=True)
class Part:
    """A JSON object inside an answer, with the way to it for the words of an error."""

    answer: Answer
    content: dict[str, Any]
    path: str = ""

    def text(self, name: str) -> str | None:
        """Return a text, or None when it is absent or empty."""
        value = self._of(name, str)
        return str(value) if value else None

    def required_text(self, name: str) -> str:
        """Return a text that must be there.

        Raises: Unreadable.
        """
        value = self.text(name)
        if value is None:
            raise self.error(name, "is missing")
        return value

    def whole(self, name: str) -> int | None:
        """Return a whole number, or None when it is absent."""
        value = self._of(name, int)
        if isinstance(value, bool):
            raise self.error(name, "is not a whole number")
        return value if isinstance(value, int) else None

    def time(self, name: str) -> datetime | None:
        """Return a moment in UTC, or None when it is absent; one without a zone is UTC."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise self.error(name, "is not a time") from None

    def required_time(self, name: str) -> datetime:
        """Return a moment that must be there.

        Raises: Unreadable.
        """
        moment = self.time(name)
        if moment is None:
            raise self.error(name, "is missing")
        return moment

    def part(self, name: str) -> Part:
        """Return the object of this name, an empty one when it is absent."""
        return Part(self.answer, self._of(name, dict) or {}, self._way(name))

    def parts(self, name: str) -> Iterator[Part]:
        """Return the objects of the list of this name, none when it is absent."""
        for position, element in enumerate(self._of(name, list) or []):
            way = f"{self._way(name)}[{position}]"
            if not isinstance(element, dict):
                raise unreadable(self.answer.operation, f"{way} is not an object", reply=self.answer)
            yield Part(self.answer, element, way)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of the list of this name, none when it is absent."""
        values = self._of(name, list) or []
        if not all(isinstance(value, str) for value in values):
            raise self.error(name, "is not a list of texts")
        return tuple(values)

    def money(self, name: str, amount: str = "amount", currency: str = "currencyCode") -> Money | None:
        """Return the money of this name, or None when it is absent or has no currency."""
        part = self.part(name)
        value, code = part.content.get(amount), part.text(currency)
        if value is None or code is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise part.error(amount, "is not an amount")
        try:
            return Money.parse(Decimal(value) if isinstance(value, int) else value, code)
        except MoneyError:
            raise part.error(amount, "is not an amount of its currency") from None

    def error(self, name: str, fault: str) -> Exception:
        """Return the error for a field with a fault; its value is left out, it may be a buyer's."""
        return unreadable(self.answer.operation, f"{self._way(name)} {fault}", reply=self.answer)

    def _of(self, name: str, kind: type) -> Any:
        value = self.content.get(name)
        if value is not None and not isinstance(value, kind):
            raise self.error(name, f"is not {_KINDS[kind]}")
        return value

    def _way(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


_KINDS: dict[type, str] = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}


def root(answer: Answer) -> Part:
    """Return the answer's JSON object.

    Raises: Unreadable when it is something else.
    """
    if not isinstance(answer.body, dict):
        raise unreadable(answer.operation, "the answer is not an object", reply=answer)
    return Part(answer, answer.body)
