"""Searching: one row of words per ticket, so that one box finds a million tickets by anything in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import connection, models
from django.db.models import F, Q

from mostrador.domain.searching import (
    GRAM,
    LONGEST_TEXT,
    SHORTEST_PREFIX,
    Term,
    fold,
    grams_of,
    terms_of,
    words_of,
)
from mostrador.models.messages import Message
from mostrador.models.orders import Order
from mostrador.models.tickets import Ticket, TicketQuerySet

# PostgreSQL's own grammars, for the languages Amazon's buyers write in; others are found word by word.
GRAMMARS = {
    "en": "english",
    "es": "spanish",
    "de": "german",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
    "tr": "turkish",
}
REBUILD_AT_ONCE = 500

_ADD = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words)
VALUES (%s, '', array_to_tsvector(%s) || strip(to_tsvector(%s::regconfig, %s)))
ON CONFLICT (ticket_id) DO UPDATE SET words = mostrador_searchtext.words || EXCLUDED.words
"""
_REBUILD = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words)
VALUES (%s, %s, array_to_tsvector(%s) || strip(to_tsvector(%s::regconfig, %s)))
ON CONFLICT (ticket_id) DO UPDATE SET keys = EXCLUDED.keys, words = EXCLUDED.words
"""
_KEYS = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words) VALUES (%s, %s, '')
ON CONFLICT (ticket_id) DO UPDATE SET keys = EXCLUDED.keys WHERE mostrador_searchtext.keys <> EXCLUDED.keys
"""


class Grams(models.Func):
    """Every three characters in a row of a text; the embedded server has no pg_trgm."""

    function = "mostrador_grams"
    output_field = ArrayField(models.TextField())


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    """Writes and searches the words of tickets."""

    # ── factories and mutators ────────────────────────────────────────────────────────────────────────────

    def add(self, *, ticket: Ticket, text: str, language: str = "") -> None:
        """Add what was said in a ticket to its words."""
        folded = fold(text[:LONGEST_TEXT])
        words = words_of(folded)
        if not words:
            return
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [ticket.pk, words, _grammar(language), " ".join(words)])

    def write_keys(self, ticket: Ticket) -> None:
        """Write the names and numbers a ticket is found by: buyer, subject, order, products, parcels."""
        with connection.cursor() as cursor:
            cursor.execute(_KEYS, [ticket.pk, _keys_of(ticket)])

    def write_keys_of(self, order: Order) -> None:
        """Write the names and numbers of every ticket of an order anew."""
        for ticket in Ticket.objects.filter(order=order):
            self.write_keys(ticket)

    def rebuild(self, tickets: Sequence[Ticket]) -> None:
        """Write all that these tickets are found by anew, from what is stored; fetch them with their orders."""
        said = defaultdict(list)
        for ticket_id, text in Message.objects.filter(ticket__in=tickets).values_list("ticket_id", "text"):
            said[ticket_id].append(text[:LONGEST_TEXT])
        rows = []
        for ticket in tickets:
            words = words_of(fold("\n".join(said[ticket.pk])))
            rows.append((ticket.pk, _keys_of(ticket), words, _grammar(ticket.language), " ".join(words)))
        with connection.cursor() as cursor:
            cursor.executemany(_REBUILD, rows)

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def saying(self, typed: str) -> SearchTextQuerySet:
        """Return the rows in which every term of `typed` stands, in any of the languages."""
        found = self.alias(grams=Grams(F("keys")))
        for term in terms_of(typed):
            found = found.filter(_said(term) | _named(term) if len(term.text) >= GRAM else _said(term))
        return found


class SearchText(models.Model):
    """What a ticket is found by: `keys` in any part, `words` as a whole, by stem, or by how they begin."""

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="search_text"
    )
    keys = models.TextField(default="")
    words = SearchVectorField()

    objects = SearchTextQuerySet.as_manager()

    class Meta:
        indexes = (
            GinIndex(fields=["words"], name="search_by_words", fastupdate=True, gin_pending_list_limit=512),
            GinIndex(Grams(F("keys")), name="search_by_grams", fastupdate=True, gin_pending_list_limit=512),
        )

    def __str__(self) -> str:
        return f"words of {self.ticket_id}"


def tickets_saying(tickets: TicketQuerySet, typed: str) -> TicketQuerySet:
    """Return those of `tickets` in which everything a person typed stands; nothing typed leaves them all."""
    if not terms_of(typed):
        return tickets
    return tickets.filter(pk__in=SearchText.objects.saying(typed).values("ticket_id"))


def _grammar(language: str) -> str:
    return GRAMMARS.get(language[:2], "simple")


def _keys_of(ticket: Ticket) -> str:
    said: list[str] = [ticket.buyer_name, ticket.subject, ticket.reference]
    order = ticket.order
    if order is not None:
        said += [order.amazon_order_id, order.buyer_name]
        said += [package.get("tracking_number", "") for package in order.packages]
        for item in order.items.all():
            said += [item.sku, item.asin, item.title]
    return "\n".join(dict.fromkeys(fold(one) for one in said if one))


def _said(term: Term) -> Q:
    """Return the rows whose words hold every word of the term, as typed, begun, or in another form."""
    found = Q()
    for word in term.words:
        found &= Q(words=reduce(or_, _forms(word)))
    return found


def _forms(word: str) -> Sequence[SearchQuery]:
    begun = f"'{word}':*" if len(word) >= SHORTEST_PREFIX else f"'{word}'"
    forms = [SearchQuery(begun, config="simple", search_type="raw")]
    if word.isascii() and word.isalpha():
        forms += [SearchQuery(word, config=grammar) for grammar in GRAMMARS.values()]
    return forms


def _named(term: Term) -> Q:
    """Return the rows whose names and numbers hold the term as it stands, in any part."""
    return Q(grams__contains=grams_of(term.text), keys__contains=term.text)
