"""Languages: the same desk for an agent who speaks one of its other languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.furnish import SPANISH_AGENT
from tests.journeys.house import House
from tests.web.spoken import catalog_of, words_of

SHIPPED = "249-8830516-2247901"
UNSHIPPED = "503-1194820-7705536"

# What people press and read as the page's own words, without keys and without the buyer's words.
_OWN_WORDS = """() => {
    const chosen = 'button, [role=button], summary, legend, label, nav a, h1, h2, h3, dt, th[scope=col], '
        + 'caption, option, .hint, .flag, .why', asTyped = '[name=time_zone] option, .subject';
    const words = [];
    for (const element of document.querySelectorAll(chosen)) {
        if (element.matches(asTyped)) continue;
        const copy = element.cloneNode(true);
        for (const each of copy.querySelectorAll('kbd, svg')) each.remove();
        words.push(copy.textContent);
    }
    for (const name of ['placeholder', 'title', 'aria-label'])
        for (const element of document.querySelectorAll(`[${name}]`))
            if (!element.matches(asTyped)) words.push(element.getAttribute(name));
    return words.map((each) => each.replace(/\\s+/g, ' ').trim()).filter((each) => /[a-z]{3}/i.test(each));
}"""
# Not ours: names, products, what Amazon calls things, and what is typed as it stands.
_AS_IT_IS = re.compile(
    r"(Nordlicht|Lola|Marta|Ben |Okafor|503-|249-|勅|髙|佐川|English|Español|Deutsch|Français|Italiano)|\S+@"
    r"|-?[a-z]+:\S*$|[A-Z0-9]{2,}$|amazon\.|Amazon\.|sellercentral|[a-z]{2}$"
)
# What has no room for its own words: longer than its box, and not in a box that scrolls.
_CRAMPED = """() => {
    const chosen = 'button, .btn, [role=button], summary, label, legend, nav a, h1, h2, h3, dt, th, '
        + '.tag, .flag';
    const cramped = [];
    if (document.documentElement.scrollWidth > innerWidth)
        cramped.push(`the page: ${document.documentElement.scrollWidth} of ${innerWidth}`);
    for (const element of document.querySelectorAll(chosen)) {
        if (!element.checkVisibility() || element.closest('.hidden')) continue;
        if (element.clientWidth && element.scrollWidth > element.clientWidth + 1)
            cramped.push(element.textContent.replace(/\\s+/g, ' ').trim());
    }
    return cramped;
}"""


@pytest.mark.parametrize(
    ("language", "keep", "more"),
    [
        ("es", "Guardar", "Reembolsar más"),
        ("de", "Speichern", "Mehr erstatten"),
        ("fr", "Enregistrer", "Rembourser plus"),
        ("it", "Salva", "Rimborsa ancora"),
    ],
)
def test_an_agent_finds_every_word_in_their_language_and_room_for_it(
    take: TakeSeat, house: House, language: str, keep: str, more: str
) -> None:
    with take(SPANISH_AGENT) as seat:
        pages = {
            "inbox": f"{house.url}/",
            "ticket": house.ticket_url(SHIPPED),
            "refund": f"{house.ticket_url(SHIPPED)}refund",
            "cancel": f"{house.ticket_url(UNSHIPPED)}cancel",
            "help": f"{house.url}/help",
            "profile": f"{house.url}/profile",
        }
        _speak(seat.page, house, "en")
        english = {name: _words(seat.page, url) for name, url in pages.items()}
        _speak(seat.page, house, language)
        expect(seat.button(keep).first).to_be_visible()
        left = {
            name: english[name] & _words(seat.page, url) - _alike(language) for name, url in pages.items()
        }
        assert {name: sorted(words) for name, words in left.items() if words} == {}
        cramped = {name: _cramped(seat.page, url) for name, url in pages.items()}
        assert {name: words for name, words in cramped.items() if words} == {}

        seat.page.goto(pages["ticket"])
        expect(seat.button(more)).to_be_visible()
        assert flaws(seat.page) == []
        seat.at_home()


def _speak(page: Page, house: House, language: str) -> None:
    """Choose the agent's language in the settings."""
    page.goto(f"{house.url}/profile")
    page.locator("[name=language]").select_option(language)
    page.locator("form:has([name=language]) .btn.main").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def _alike(language: str) -> set[str]:
    """Return what is the same word in English."""
    known = words_of(catalog_of(language)).values()
    return {str(message.id) for message in known if message.id == message.string}


def _words(page: Page, url: str) -> set[str]:
    page.goto(url)
    found: list[str] = page.evaluate(_OWN_WORDS)
    # A filter stands before what it means: "tag: Tag".
    own = (re.sub(r"^[a-z]+: ", "", words) for words in found)
    return {words for words in own if not _AS_IT_IS.match(words)}


def _cramped(page: Page, url: str) -> list[str]:
    found: list[str] = []
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        found += page.evaluate(_CRAMPED)
    page.set_viewport_size({"width": 1440, "height": 900})
    return found
