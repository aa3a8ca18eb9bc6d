"""Filter words: active filters as chips that can be taken off, and the list of all filters there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.domain.filter_values import PRIORITIES, STATUSES, Being, FilterName, Fulfilled, Having
from mostrador.domain.filters import Filters, Misunderstood, Unknown


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter; `rest` is the search without it."""

    text: str
    rest: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One filter there is: its word, what it asks, and its values or an example of one."""

    name: str
    words: str | Promise
    values: Sequence[str]
    is_open: bool = False  # any value: the word is put into the box, the value typed behind it

    @property
    def choices(self) -> list[str]:
        """The filter with each of its values."""
        return [f"{self.name}:{value}" for value in self.values]


KNOWN: Sequence[Known] = (
    Known(FilterName.IS, gettext_lazy("Where it stands"), [each.value for each in Being]),
    Known(FilterName.HAS, gettext_lazy("What it holds"), [each.value for each in Having]),
    Known(FilterName.FROM, gettext_lazy("Buyer"), ["ana"], is_open=True),
    Known(FilterName.AGENT, gettext_lazy("Whose it is"), ["me", "nobody"], is_open=True),
    Known(FilterName.TAG, gettext_lazy("Tag"), ["late-parcel"], is_open=True),
    Known(FilterName.PRIORITY, gettext_lazy("Priority"), [*reversed(PRIORITIES)]),
    Known(FilterName.DUE, gettext_lazy("Time left"), ["<4h", ">1d"], is_open=True),
    Known(FilterName.PARTNER, gettext_lazy("Selling partner"), ["nordlicht"], is_open=True),
    Known(FilterName.MARKETPLACE, gettext_lazy("Marketplace"), ["DE", "ES"], is_open=True),
    Known(FilterName.LANGUAGE, gettext_lazy("Language"), ["de", "fr"], is_open=True),
    Known(FilterName.STATUS, gettext_lazy("Amazon's status"), [*STATUSES]),
    Known(FilterName.FULFILLED, gettext_lazy("Who ships"), [each.value for each in Fulfilled]),
    Known(FilterName.AMOUNT, gettext_lazy("Sum of the order"), [">50", "<=20EUR"], is_open=True),
    Known(FilterName.REF, gettext_lazy("Ticket"), ["T-1042"], is_open=True),
)


def chips_of(filters: Filters) -> list[Chip]:
    """Return a chip for each active filter, and for each piece that is none."""
    return [*_chosen(filters), *_unknown(filters)]


def _chosen(filters: Filters) -> Iterator[Chip]:
    for each in filters.chosen:
        yield Chip(str(each), str(filters.without(each)))


def _unknown(filters: Filters) -> Iterator[Chip]:
    for each in filters.unknown:
        yield Chip(str(each), str(filters.without(each)), trouble_words(each))


def trouble_words(piece: Unknown) -> str:
    """Say why a piece is no filter."""
    if piece.why is Misunderstood.NAME:
        return _("There is no filter “%(name)s:”. Put it into quotes to search for the words.") % {
            "name": piece.name
        }
    if piece.name == FilterName.FROM:
        return _("“%(text)s” is too short: a part of a name needs three letters.") % {"text": piece}
    example = next((known.choices for known in KNOWN if known.name == piece.name), [])
    words = _("“%(text)s” is no value of this filter. Examples: %(examples)s")
    return words % {"text": piece, "examples": ", ".join(example[:4])}


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that can be added; `search` is the box with it."""

    text: str
    search: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter there is, with the choices that lead somewhere at once."""

    known: Known
    choices: Sequence[Choice]


def offers_for(filters: Filters) -> list[Offer]:
    """Return all filters there are, as they can be added to those that are active."""
    active = {str(each) for each in filters.chosen}
    return [
        Offer(known, [Choice(text, f"{filters} {text}".strip(), text in active) for text in known.choices])
        for known in KNOWN
    ]
