"""Catalogs: every language has every sentence of the desk, whole, and none that nobody says any more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from mostrador.models.people import Language
from tests.web.catalogs import TRANSLATED
from tests.web.spoken import catalog_of, forms_of, sentences, words_of

# What a program fills in, and what a browser must find again.
HOLES = re.compile(
    r"%\(\w+\)[sd]|\{\w*\}|#|%%|<[^>]+>|https?://\S+|\b[a-z]+:[\w<>]+|\bmostrador [a-z]+-[a-z]+"
)

in_every_language = pytest.mark.parametrize("language", TRANSLATED)


@cache
def said() -> Catalog:
    """Return what the desk says now; reading it all takes a while."""
    return sentences()


def texts(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Yield each text of a catalog: its name, the English it stands for, and the translation."""
    for name, message in words_of(catalog).items():
        english = forms_of(message.id)
        for index, text in enumerate(forms_of(message.string)):
            yield name, english[min(index, len(english) - 1)], text


def test_the_agents_may_choose_exactly_the_languages_the_desk_speaks() -> None:
    assert sorted(Language) == sorted(["en", *TRANSLATED])
    assert dict(settings.LANGUAGES) == dict(Language.choices)


@in_every_language
def test_a_catalog_has_every_sentence_the_desk_says(language: str) -> None:
    assert sorted(words_of(said()).keys() - words_of(catalog_of(language)).keys()) == []


@in_every_language
def test_a_catalog_has_no_sentence_that_nobody_says(language: str) -> None:
    assert sorted(words_of(catalog_of(language)).keys() - words_of(said()).keys()) == []


@in_every_language
def test_a_sentence_has_the_same_forms_in_a_catalog_as_on_the_screen(language: str) -> None:
    known = words_of(catalog_of(language))
    assert [m.id for name, m in words_of(said()).items() if name in known and known[name].id != m.id] == []


@in_every_language
def test_no_sentence_is_left_untranslated(language: str) -> None:
    assert [name for name, _, text in texts(catalog_of(language)) if not text.strip()] == []


@in_every_language
def test_no_translation_is_a_guess(language: str) -> None:
    assert [name for name, message in words_of(catalog_of(language)).items() if message.fuzzy] == []


@in_every_language
def test_a_translation_has_the_same_holes_as_its_english(language: str) -> None:
    broken = {
        name: text
        for name, english, text in texts(catalog_of(language))
        if text and Counter(HOLES.findall(english)) != Counter(HOLES.findall(text))
    }
    assert broken == {}


@in_every_language
def test_a_translation_begins_and_ends_with_the_same_space_as_its_english(language: str) -> None:
    edges = re.compile(r"^\s*|\s*$")
    assert {
        name
        for name, english, text in texts(catalog_of(language))
        if text and edges.findall(english) != edges.findall(text)
    } == set()
