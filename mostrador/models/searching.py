"""Searching: one row of words per ticket, so that one box finds a million tickets by anything in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from mostrador.domain.searching import (
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
# Up to so many matches are fetched by key; above, one ticket in two hundred of a million says it.
FEW = 5_000
# Stands before three characters of a name or number; no word begins with it.
_GRAM_MARK = "~"

_ADD = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words)
VALUES (%s, '', array_to_tsvector(%s) || strip(to_tsvector(%s::regconfig, %s)))
ON CONFLICT (ticket_id) DO UPDATE SET words = mostrador_searchtext.words || EXCLUDED.words
"""
_KEYS = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words) VALUES (%s, %s, array_to_tsvector(%s))
ON CONFLICT (ticket_id) DO UPDATE
SET keys = EXCLUDED.keys, words = mostrador_searchtext.words || EXCLUDED.words
WHERE mostrador_searchtext.keys <> EXCLUDED.keys
"""
_KEYS_AND_WORDS = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words)
VALUES (%s, %s, array_to_tsvector(%s) || strip(to_tsvector(%s::regconfig, %s)))
ON CONFLICT (ticket_id) DO UPDATE
SET keys = EXCLUDED.keys, words = mostrador_searchtext.words || EXCLUDED.words
"""
_REBUILD = """
INSERT INTO mostrador_searchtext (ticket_id, keys, words)
VALUES (%s, %s, array_to_tsvector(%s) || strip(to_tsvector(%s::regconfig, %s)))
ON CONFLICT (ticket_id) DO UPDATE SET keys = EXCLUDED.keys, words = EXCLUDED.words
"""


_STEMS = """
SELECT word, array_agg(DISTINCT stem)
FROM unnest(%s::text[]) AS word, unnest(%s::regdictionary[]) AS grammar,
    unnest(ts_lexize(grammar, word)) AS stem
GROUP BY word
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One term in PostgreSQL's writing: what was `said`, or else the `grams` of a name or number: its `part`.

    A part too short for grams is only looked for where a name begins, among what the other terms find.
    """

    said: str
    grams: str
    part: str

    @property
    def anywhere(self) -> str:
        """What the index is asked."""
        return f"({self.said}) | ({self.grams})" if self.grams else f"({self.said})"


class Says(models.Func):
    """Whether a vector of words fits a question."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()


class Question(models.Func):
    """A question to a vector of words, in PostgreSQL's own writing."""

    template = "%(expressions)s::tsquery"
    output_field = models.TextField()


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    """Writes and searches the words of tickets."""

    # ── factories and mutators ────────────────────────────────────────────────────────────────────────────

    def add(self, *, ticket: Ticket, text: str, language: str = "") -> None:
        """Add what was said in a ticket to its words."""
        words = words_of(fold(text[:LONGEST_TEXT]))
        if not words:
            return
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [ticket.pk, words, _grammar(language), " ".join(words)])

    def hear(self, *, ticket: Ticket, text: str) -> None:
        """Write the names and numbers of a ticket, and add what was said in it, at once."""
        said = words_of(fold(text[:LONGEST_TEXT]))
        keys, key_words = _keys_of(ticket)
        words = list({*said, *key_words})
        with connection.cursor() as cursor:
            cursor.execute(
                _KEYS_AND_WORDS, [ticket.pk, keys, words, _grammar(ticket.language), " ".join(said)]
            )

    def write_keys(self, ticket: Ticket) -> None:
        """Write the names and numbers a ticket is found by: buyer, subject, order, products, parcels."""
        keys, words = _keys_of(ticket)
        with connection.cursor() as cursor:
            cursor.execute(_KEYS, [ticket.pk, keys, words])

    def write_keys_of(self, order: Order) -> None:
        """Write the names and numbers of every ticket of an order anew."""
        for ticket in Ticket.objects.filter(order=order):
            self.write_keys(ticket)

    def rebuild(self, tickets: Sequence[Ticket]) -> None:
        """Write what these tickets are found by anew, from what is stored; fetch them with their orders."""
        said = defaultdict(list)
        for ticket_id, text in Message.objects.filter(ticket__in=tickets).values_list("ticket_id", "text"):
            said[ticket_id].append(text[:LONGEST_TEXT])
        rows = []
        for ticket in tickets:
            words = words_of(fold("\n".join(said[ticket.pk])))
            keys, key_words = _keys_of(ticket)
            all_words = list({*words, *key_words})
            rows.append((ticket.pk, keys, all_words, _grammar(ticket.language), " ".join(words)))
        with connection.cursor() as cursor:
            cursor.executemany(_REBUILD, rows)

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def saying(self, terms: Sequence[Asked]) -> SearchTextQuerySet:
        """Return the rows in which every term stands, through the index."""
        telling = [term for term in terms if term.grams] or terms
        anywhere = " & ".join(f"({term.anywhere})" for term in telling)
        found = self.filter(Says(F("words"), Question(Value(anywhere))))
        return reduce(lambda rows, term: rows.filter(_stands(F("words"), term)), terms, found)

    def saying_much(self, terms: Sequence[Asked]) -> SearchTextQuerySet:
        """Return the same rows, asked so that no index serves: one by one, for words that stand in many."""
        words = Coalesce(F("words"), Value("", output_field=SearchVectorField()))
        return reduce(lambda rows, term: rows.filter(_stands(words, term)), terms, self.all())


class SearchText(models.Model):
    """What a ticket is found by: `words` as a whole, by stem, or by how they begin; `keys` in any part.

    Every three characters in a row of the keys are words too, with a mark before them: the embedded server
    has no pg_trgm, and one index answers faster than two.
    """

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="search_text"
    )
    keys = models.TextField(default="")
    words = SearchVectorField()

    objects = SearchTextQuerySet.as_manager()

    class Meta:
        indexes = (
            GinIndex(fields=["words"], name="search_by_words", fastupdate=True, gin_pending_list_limit=512),
        )

    def __str__(self) -> str:
        return f"words of {self.ticket_id}"


def tickets_saying(tickets: TicketQuerySet, typed: str) -> TicketQuerySet:
    """Return those of `tickets` in which everything a person typed stands; nothing typed leaves them all.

    Few matches are looked up (one query, made here), so that their tickets are fetched by key. Of words that
    stand in many tickets, a page is full after a few rows, whichever index it is read by: then each row is
    asked. The database cannot tell the two apart beforehand: it knows nothing of how words begin.
    """
    terms = _asked(typed)
    if not terms:
        return tickets
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # for the same reason
        keys = list(SearchText.objects.saying(terms).values_list("ticket_id", flat=True)[: FEW + 1])
        cursor.execute("SET LOCAL enable_seqscan = on")
    if len(keys) <= FEW:
        return tickets.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [keys]))
    row = SearchText.objects.saying_much(terms).filter(ticket=OuterRef("pk"))
    return tickets.filter(Exists(row))


def _grammar(language: str) -> str:
    return GRAMMARS.get(language[:2], "simple")


def _keys_of(ticket: Ticket) -> tuple[str, list[str]]:
    """Return the names and numbers of a ticket, and the words that lead to them."""
    keys, said = [ticket.buyer_name], [ticket.subject]
    order = ticket.order
    if order is not None:
        keys += [order.amazon_order_id, order.buyer_name]
        keys += [package.get("tracking_number", "") for package in order.packages]
        for item in order.items.all() if order.read_at else ():  # one nobody has read has no items
            keys += [item.sku, item.asin]
            said.append(item.title)
    folded = "\n".join(dict.fromkeys(fold(key) for key in keys if key))
    grams = [_GRAM_MARK + gram for gram in grams_of(folded) if "\n" not in gram]
    return folded, list({*words_of(folded), *words_of(fold(" ".join(said))), *grams})


def _asked(typed: str) -> list[Asked]:
    """Return what a person typed as questions to the words (one query, for the stems)."""
    terms = terms_of(typed)
    stems = _stems(sorted({word for term in terms for word in term.words})) if terms else {}
    return [_ask(term, stems) for term in terms]


def _ask(term: Term, stems: Mapping[str, Sequence[str]]) -> Asked:
    said = " & ".join(f"({' | '.join(_forms(word, stems.get(word, ())))})" for word in term.words)
    grams = " & ".join(_quoted(_GRAM_MARK + gram) for gram in grams_of(term.text))
    return Asked(said=said, grams=grams, part=term.text)


def _forms(word: str, stems: Sequence[str]) -> list[str]:
    begun = ":*" if len(word) >= SHORTEST_PREFIX else ""
    return [_quoted(word) + begun, *(_quoted(stem) for stem in stems if stem != word)]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _stems(words: list[str]) -> dict[str, Sequence[str]]:
    """Return each word's stems in the grammars; a word too common in one of them has none there."""
    dictionaries = [f"{grammar}_stem" for grammar in GRAMMARS.values()]
    with connection.cursor() as cursor:
        cursor.execute(_STEMS, [words, dictionaries])
        return dict(cursor.fetchall())


def _stands(words: F | Coalesce, asked: Asked) -> Q:
    """Return the condition that a term was said, or is a part of a name or number."""
    said, part = Q(Says(words, Question(Value(asked.said)))), asked.part
    if asked.grams:
        return said | Q(keys__contains=part)
    return said | Q(keys__startswith=part) | Q(keys__contains=f" {part}") | Q(keys__contains=f"\n{part}")
