"""The documentation: its links lead somewhere, and its examples can be read by the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mostrador.domain.filter_values import FilterName
from mostrador.domain.macro_files import read_file
from mostrador.domain.macro_places import Place
from mostrador.domain.policy import Rule

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def _links(page: Path) -> list[str]:
    found = _LINK.findall(_CODE.sub("", page.read_text("utf-8")))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def _anchors(page: Path) -> set[str]:
    titles = _HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _text(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_of_docs_is_linked_from_another_page() -> None:
    linked = {
        (page.parent / path).resolve()
        for page in PAGES
        for link in _links(page)
        if (path := link.split("#")[0])
    }
    decisions = ROOT / "docs" / "decisions"  # linked as a folder
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent != decisions}
    assert pages - linked == set()


def test_every_picture_is_shown_on_a_page() -> None:
    linked = {(page.parent / link).resolve() for page in PAGES for link in _links(page)}
    assert set((ROOT / "docs" / "img").iterdir()) - linked == set()


def test_the_example_of_a_macro_file_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", _text("how-to/write-macros.md"), re.DOTALL)
    (macro,) = read_file(example)
    assert macro.slug == "late_but_sorry"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("how-to/work-the-queue.md", [f"`{name}:`" for name in FilterName]),
        ("how-to/write-macros.md", [f"`{{{place}}}`" for place in Place]),
        ("how-to/answer-buyers.md", [f"`{rule}`" for rule in Rule]),
    ],
)
def test_the_tables_leave_nothing_out(page: str, words: list[str]) -> None:
    text = _text(page)
    assert [word for word in words if word not in text] == []


def test_every_setting_is_explained_for_production() -> None:
    settings = set(re.findall(r"^#?(MOSTRADOR_\w+?)(?:_FILE)?=", (ROOT / ".env.example").read_text(), re.M))
    text = _text("how-to/run-in-production.md")
    assert {name for name in settings if name not in text} == set()
