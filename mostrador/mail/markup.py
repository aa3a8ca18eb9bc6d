"""HTML from strangers, cleaned by an allow-list of our own or turned into plain text."""

import html
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import nh3

from mostrador.mail import limits
from mostrador.mail.characters import clean_text

_SHOWN: Final = (
    "a b blockquote br code div em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub sup"
    " table tbody td tfoot th thead tr u ul"
)
_GONE: Final = "script style title head iframe object embed svg math template noscript xmp textarea select"
_LINES: Final = "br div p tr li table blockquote h1 h2 h3 h4 h5 h6 pre hr"
_TAGS: Final = frozenset(_SHOWN.split())
_GONE_WITH_CONTENT: Final = frozenset(_GONE.split())
_LINE_TAGS: Final = frozenset(_LINES.split())
_ATTRIBUTES: Final = {
    "a": {"href"},
    "img": {"src", "srcset"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_REL: Final = "noopener noreferrer nofollow"
_LINK = re.compile(r"(?i)^(?:https?://|mailto:)[^\s<>\"]{1,2000}$")
_SPAN = re.compile(r"^[1-9]\d?$")
_ANY_TAG = re.compile(r"</?[a-z][a-z0-9]*[^<>]*>")
_ANYTHING_IN_BRACKETS = re.compile(r"<[^<>]*>?")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_STYLE_TAGS: Final = "a b big code em font i nobr s small strike strong tt u"
_STYLES: Final = frozenset(_STYLE_TAGS.split())
_ALONE: Final = (
    "p li td th tr tbody thead tfoot dt dd option br img hr input meta link col area base source wbr"
)
_CLOSED_BY_ITSELF: Final = frozenset(_ALONE.split())
_CELL_TAGS: Final = frozenset({"td", "th"})
_MANY_BREAKS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_SPACES = re.compile(r"[ \t\xa0]+")


def clean_html(markup: str) -> tuple[str, int]:
    """Clean HTML for showing: no script, style, image, id or local link; count the images."""
    blocked = 0

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        nonlocal blocked
        if tag == "img":
            blocked += attribute == "src"
            return None
        return _kept(attribute, value)

    # Cleaned once more, for entities have become letters meanwhile.
    return clean_text(_cleaned(markup, filtered).replace("<img>", "")), blocked


# What an image's address is replaced by, with its number, until somebody asks for it.
IMAGE_PLACE: Final = "https://image.invalid/"
_SHOWN_IMAGE = re.compile(rf'<img src="{re.escape(IMAGE_PLACE)}\d+">')
_ANY_IMAGE = re.compile(r"<img[^>]*>")
_IMAGE_ADDRESS = re.compile(r"(?i)^https?://[^\s<>\"\\]{1,2000}$")


def clean_html_with_images(markup: str) -> tuple[str, tuple[str, ...]]:
    """Clean HTML as `clean_html` does, but leave each image's place in it; give their addresses."""
    addresses: list[str] = []

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img":
            is_shown = attribute == "src" and _IMAGE_ADDRESS.match(value.strip())
            if not is_shown or len(addresses) >= limits.IMAGES:
                return None
            addresses.append(value.strip())
            return f"{IMAGE_PLACE}{len(addresses) - 1}"
        return _kept(attribute, value)

    cleaned = _cleaned(markup, filtered)
    return clean_text(_ANY_IMAGE.sub(_if_shown, cleaned)), tuple(addresses)


def _if_shown(image: re.Match[str]) -> str:
    return image.group() if _SHOWN_IMAGE.fullmatch(image.group()) else ""


def _kept(attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if _LINK.match(value.strip()) else None
    if attribute == "rel":
        return _REL
    return value if _SPAN.match(value) else None


def _cleaned(markup: str, filtered: Callable[[str, str, str], str | None]) -> str:
    if is_tangled(markup):
        return ""
    cleaned = nh3.clean(
        _bounded(markup),
        tags=set(_TAGS),
        clean_content_tags=set(_GONE_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=filtered,
        url_schemes=set(_SCHEMES),
        link_rel=_REL,
        url_relative=None,
    )
    return cleaned if len(cleaned) <= limits.CLEAN_HTML_CHARS else ""


def is_tangled(markup: str) -> bool:
    """Whether tags are left open so often that the tree would grow faster than the text.

    HTML opens every unclosed `<b>` anew in each following paragraph, so a short text can ask for millions of
    elements.
    """
    opened: Counter[str] = Counter()
    for closing, name in _TAG_NAME.findall(_bounded(markup)):
        tag = name.lower()
        if tag in _CLOSED_BY_ITSELF:
            continue
        if not closing:
            opened[tag] += 1
        elif opened[tag]:
            opened[tag] -= 1
        styles = sum(opened[one] for one in _STYLES) if tag in _STYLES else 0
        if styles > limits.HTML_OPEN_STYLES or opened[tag] > limits.HTML_OPEN_TAGS:
            return True
    return opened.total() > limits.HTML_OPEN_TAGS


def text_of(markup: str) -> str:
    """Read the words of HTML as plain text, one line per block."""
    tags = {*_LINE_TAGS, *_CELL_TAGS}
    flat = _SPACES.sub(" ", _bounded(markup).replace("\r", " ").replace("\n", " "))
    if is_tangled(flat):
        return _tidy(_ANYTHING_IN_BRACKETS.sub("\n", flat))
    kept = nh3.clean(flat, tags=tags, clean_content_tags=set(_GONE_WITH_CONTENT), attributes={})
    return _tidy(_ANY_TAG.sub(_break_for, kept))


def _tidy(text: str) -> str:
    lines = [_SPACES.sub(" ", line).strip() for line in html.unescape(text).split("\n")]
    return clean_text(_MANY_BREAKS.sub("\n\n", "\n".join(lines))).strip()


def _break_for(tag: re.Match[str]) -> str:
    return " " if tag.group().strip("</>").split(" ")[0] in _CELL_TAGS else "\n"


def is_too_long(markup: str) -> bool:
    """Whether only the beginning of the HTML is looked at."""
    return len(markup) > limits.HTML_CHARS or markup.count("<") >= limits.HTML_TAGS


def _bounded(markup: str) -> str:
    """Cut HTML so that its tree stays small: the parser's memory grows with tags, not letters."""
    markup = markup[: limits.HTML_CHARS].replace("\x00", "")
    pieces = markup.split("<", limits.HTML_TAGS)
    return "<".join(pieces[: limits.HTML_TAGS])
