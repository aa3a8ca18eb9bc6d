"""Eyes: looks a page over with axe, in light and dark, wide and narrow; and listens to its names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, expect

WIDTHS = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
_AXE = Axe()
# A line of Playwright's snapshot that has a role but no name: `- button` or `- textbox:`.
_NAMELESS = re.compile(
    r"^\s*- (?:button|link|textbox|searchbox|combobox|radio|spinbutton)(?! \")[^\n]*", re.M
)

# A colour on its way to another one is neither of the two that people see.
_END_TRANSITIONS = """() => new Promise((done) => requestAnimationFrame(() => {
    for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
    done();
}))"""


def flaws(page: Page, *, within: str = "") -> list[str]:
    """Return every violation of axe's rules and every control without a name, on the page as it stands.

    `within` names the part to look at, where the rest was looked at before.
    """
    found = nameless(page)
    before = page.viewport_size
    assert before is not None
    for width, size in WIDTHS.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]  # its TypedDict is not exported
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
            page.evaluate(_END_TRANSITIONS)
            found += _violations(page, within, f"{width}, {scheme}")
            if width == "narrow" and not within and has_another_side(page):
                with other_side(page):
                    found += _violations(page, "#order", f"{width}, {scheme}, order")
    page.emulate_media(color_scheme="light")
    page.evaluate(_END_TRANSITIONS)
    page.set_viewport_size(before)
    return found


def has_another_side(page: Page) -> bool:
    """Return whether the order stands behind the conversation, as on a phone."""
    return page.locator("#order").count() > 0 and not page.locator("#order").is_visible()


@contextmanager
def other_side(page: Page) -> Iterator[None]:
    """Turn to the order as the phone's tab does, and back to the conversation."""
    page.evaluate("location.hash = 'order'")
    expect(page.locator("#order")).to_be_visible()
    yield
    page.evaluate("location.hash = 'main'")
    expect(page.locator("#order")).to_be_hidden()


def nameless(page: Page) -> list[str]:
    """Return the controls that say to nobody what they are."""
    snapshot = page.locator("body").aria_snapshot()
    return [f"without a name: {line.strip()}" for line in _NAMELESS.findall(snapshot)]


def _violations(page: Page, within: str, how: str) -> list[str]:
    response: Mapping[str, Any] = _AXE.run(page, context=within or None).response
    return [
        f"{how}: {violation['id']}: {node['html'][:160]}: {_why(node)}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


def _why(node: Mapping[str, Any]) -> str:
    messages = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
    return "; ".join(messages)[:300]
