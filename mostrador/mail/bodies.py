"""The words of a mail, gathered from its leaves."""

from dataclasses import dataclass

from mostrador.mail import limits, markup, mime
from mostrador.mail.characters import clean_text, decode


@dataclass(frozen=True, slots=True)
class Body:
    """A mail's plain text, clean, and its HTML as it came."""

    text: str
    markup: str


def body(walk: mime.Walk) -> Body:
    """Gather the plain text of a mail, made from its HTML where it has no other."""
    shown = [leaf for leaf in walk.leaves if not leaf.is_attachment]
    plain = [_text(leaf, walk).strip("\r\n") for leaf in shown if leaf.content_type != "text/html"]
    rich = "\n".join(_text(leaf, walk) for leaf in shown if leaf.content_type == "text/html")
    joined = "\n\n".join(piece for piece in plain if piece.strip())
    text = clean_text(joined[: limits.TEXT_BYTES])
    if not text.strip() and rich:
        text = markup.text_of(rich)
    if len(text) > limits.TEXT_CHARS:
        walk.blame("The text is very long; the rest was left out.")
    return Body(text[: limits.TEXT_CHARS].strip("\n"), rich)


def _text(leaf: mime.Leaf, walk: mime.Walk) -> str:
    content, _, defect = mime.content(leaf, limits.MAIL_BYTES)
    held = content or b""
    if defect:
        walk.blame(defect)
    if len(held) > limits.TEXT_BYTES:
        walk.blame("The text is very long; the rest was left out.")
        # At a line's end, so that no letter is cut in two.
        held = held[: limits.TEXT_BYTES]
        held = held[: held.rfind(b"\n") + 1] or held
    text, is_certain = decode(held, mime.charset(leaf.headers))
    if not is_certain:
        walk.blame("Some letters could not be read: the character set is unknown or wrong.")
    return text


def shown_markup(found: Body, walk: mime.Walk) -> tuple[str, int]:
    """Clean a mail's HTML for showing and count the images left out."""
    if not found.markup:
        return "", 0
    if markup.is_too_long(found.markup):
        walk.blame("The HTML is very long; the rest was left out.")
    if markup.is_tangled(found.markup):
        walk.blame("The HTML is nested too deep to be shown; its words are in the text.")
        return "", 0
    return markup.clean_html(found.markup)


def markup_with_images(found: Body, blocked: int) -> tuple[str, tuple[str, ...]]:
    """Clean a mail's HTML with its images' places, where it has any, and give their addresses."""
    return markup.clean_html_with_images(found.markup) if blocked else ("", ())


def returned_head(walk: mime.Walk) -> str:
    """Give the beginning of the letter a bounce sends back, or the empty text."""
    for leaf in walk.leaves:
        if leaf.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            content, _, _ = mime.content(leaf, limits.MAIL_BYTES)
            return decode((content or b"")[: limits.HEADER_BYTES], None)[0]
    return ""
