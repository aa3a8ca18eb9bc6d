"""Languages: the same desk for an agent who speaks Spanish."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.furnish import SPANISH_AGENT
from tests.journeys.house import House

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
# The same in both languages, or not ours: names, products, what Amazon calls things.
_SHARED = (
    "Nordlicht",
    "Lola",
    SPANISH_AGENT,
    "Mostrador",
    "No",
    "Total",
    "English",
    "Español",
    "503-",
    "249-",
    "勅",
    "髙",
    "佐川",
)


def test_an_agent_who_speaks_spanish_finds_no_english(take: TakeSeat, house: House) -> None:
    with take(SPANISH_AGENT) as seat:
        pages = {
            "inbox": f"{house.url}/",
            "ticket": house.ticket_url(SHIPPED),
            "refund": f"{house.ticket_url(SHIPPED)}refund",
            "cancel": f"{house.ticket_url(UNSHIPPED)}cancel",
            "help": f"{house.url}/help",
            "profile": f"{house.url}/profile",
        }
        english = {name: _words(seat.page, url) for name, url in pages.items()}
        seat.page.get_by_label("Language").select_option("es")
        seat.page.get_by_role("button", name="Keep").click()
        expect(seat.page.locator("html")).to_have_attribute("lang", "es")
        expect(seat.page.get_by_role("button", name="Guardar")).to_be_visible()
        left = {name: sorted(english[name] & _words(seat.page, url)) for name, url in pages.items()}
        assert {name: words for name, words in left.items() if words} == {}

        seat.page.goto(pages["ticket"])
        for name in ("Cerrar", "Enviar"):
            expect(seat.button(name)).to_be_visible()
        expect(seat.button("Reembolsar más")).to_be_visible()
        assert flaws(seat.page) == []
        seat.at_home()


def _words(page: Page, url: str) -> set[str]:
    page.goto(url)
    found: list[str] = page.evaluate(_OWN_WORDS)
    return {words for words in found if not words.startswith(_SHARED)}
