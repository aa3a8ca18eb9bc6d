"""The older text under a mail: what a mail program repeats below an answer, in many languages."""

import re
from dataclasses import dataclass
from typing import Final

_LINE_CHARS: Final = 400
_HEADER_LINES: Final = 6

# "On Monday, Anna wrote:" as mail programs of each language put it above what they repeat.
_INTRODUCED = re.compile(
    r"(?:on\s.{5,250}\swrote|am\s.{5,250}\sschrieb\b.{0,150}|.{2,100}\sschrieb\sam\s.{5,100}|le\s.{5,250}\sa\sécrit|"
    r"el\s.{5,250}\sescribió|il\s.{5,250}\sha\sscritto|em\s.{5,250}\sescreveu|op\s.{5,250}\sschreef\b.{0,150}|"
    r"(?:den|på)\s.{5,250}\sskrev\b.{0,150}|(?:w\sdniu|dnia)\s.{5,250}(?:napisał|napisała|pisze)\b.{0,100}|"
    r".{5,250}\s(?:tarihinde|yazdı)\b.{0,100}|\d{4}年\s?\d{1,2}月\s?\d{1,2}日.{0,200}[<＜@].{0,200})\s?[:：]",
    re.IGNORECASE,
)
_ORIGINAL: Final = (
    "original message|forwarded message|ursprüngliche nachricht|originalnachricht|original-nachricht|"
    "weitergeleitete nachricht|message d['’]origine|message original|message transféré|mensaje original|"
    "mensaje reenviado|messaggio originale|messaggio inoltrato|mensagem original|oorspronkelijk bericht|"
    "ursprungligt meddelande|wiadomość oryginalna|orijinal mesaj|元のメッセージ|転送メッセージ"
)
# And the moment or the address they name: "On Monday I wrote:" is somebody's own words.
_NAMED = re.compile(r"[@<＜]|\b\d{4}\b|\d{1,2}[:.]\d{2}\b")
_SEPARATED = re.compile(rf"[-_=]{{3,}}\s*(?:{_ORIGINAL})\s*[-_=]{{3,}}", re.IGNORECASE)
_FROM = re.compile(r"\*?(?:from|von|de|da|van|från|od|kimden|差出人)\*?\s?[:：]\s?.", re.IGNORECASE)
_SENT = re.compile(
    r"\*?(?:sent|date|gesendet|datum|envoyé|enviado(?:\sel)?|fecha|inviato|data|verzonden|skickat|wysłano|tarih|"
    r"送信日時|日時)\*?\s?[:：]",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\*?(?:subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|temat|konu|件名)\*?\s?[:：]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in two: what was newly written, and the older text below it; together they are the whole."""

    own: str
    older: str


def fold(text: str) -> Folded:
    """Part a text from the older one below it; where nothing new stands above, all of it is shown.

    Answers written between the lines of the older text are never folded away.
    """
    lines = text.split("\n")
    start = next((number for number in range(len(lines)) if _begins(lines, number)), None)
    if start is None:
        start = _quoted_end(lines)
    elif _is_answered_within(lines[start + 1 :]):
        return Folded(text, "")
    own = "\n".join(lines[:start]).rstrip()
    if start >= len(lines) or not own.strip():
        return Folded(text, "")
    return Folded(own, "\n".join(lines[start:]).strip("\n"))


def _begins(lines: list[str], number: int) -> bool:
    line = lines[number].strip().lstrip("> ")
    if not line or len(line) > _LINE_CHARS:
        return False
    if _SEPARATED.fullmatch(line) or _introduces(line):
        return True
    # Long introductions are broken in two by mail programs.
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    if below.endswith((":", "：")) and len(below) < _LINE_CHARS and _introduces(f"{line} {below}"):
        return True
    return bool(_FROM.match(line)) and _is_header(lines[number + 1 : number + _HEADER_LINES])


def _introduces(line: str) -> bool:
    return bool(line.endswith((":", "：")) and _INTRODUCED.fullmatch(line) and _NAMED.search(line))


def _is_header(lines: list[str]) -> bool:
    bare = [line.strip() for line in lines]
    return any(map(_SENT.match, bare)) and any(map(_ABOUT.match, bare))


def _is_answered_within(below: list[str]) -> bool:
    """Whether quoted lines are followed by others: someone answers point by point."""
    written = [line.lstrip().startswith(">") for line in below if line.strip()]
    # A broken introduction's second line stands before the quoted ones.
    first = written.index(True) if True in written else None
    return first is not None and not all(written[first:])


def _quoted_end(lines: list[str]) -> int:
    """Give the line where the quoted lines begin that end the text."""
    start = len(lines)
    for number in range(len(lines) - 1, -1, -1):
        bare = lines[number].strip()
        if bare.startswith(">"):
            start = number
        elif bare:
            break
    return start
