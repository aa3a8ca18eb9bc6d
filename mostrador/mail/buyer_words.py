"""The buyer's own words, found between the frame that Amazon's relay puts around them."""

import re
from dataclasses import dataclass
from typing import Final

from mostrador.mail import limits

ORDER_ID = re.compile(r"\b\d{3}-\d{7}-\d{7}\b", re.ASCII)
TOKEN = re.compile(rf"\[commMgrTok:[^\[\]\s]{{1,{limits.TOKEN_CHARS}}}\]", re.ASCII)

_DASHES: Final = "-‐‑‒–—―─━"
_FEWEST_DASHES: Final = 4
_LABEL_LINE_CHARS: Final = 200
_WORD = re.compile(r"\w+")
_BEGIN: Final = (
    "begin beginning beginn anfang start début debut commencement inicio comienzo principio inizio início"
    " começo początek börja början başlangıç başlangıcı alkaa"
)
_END: Final = "end ende ending fin fim final fine termine einde eind koniec slut sonu son bitiş loppu"
_BEGIN_WORDS: Final = frozenset(_BEGIN.split())
_END_WORDS: Final = frozenset(_END.split())
_BEGIN_SIGNS: Final = ("ここから", "開始", "始まり", "开始", "開頭", "بداية", "시작")
_END_SIGNS: Final = ("ここまで", "終了", "終わり", "结束", "結束", "نهاية", "끝")
_FOOTER_LINK = re.compile(
    r"(?i)(communication-manager/|no-response-needed|/gp/help/.{0,60}(?:report|contact)|sellercentral)"
)
_ITEM_LINE = re.compile(r"(?i)^\s*\d{1,4}\s+\S.{0,400}\[\s*ASIN\s*:\s*[A-Z0-9]{10}\s*\]\s*$")
_ASIN = re.compile(r"(?i)\bASIN\s*:\s*[A-Z0-9]{10}\b")
_HEADER_LINES: Final = 15


@dataclass(frozen=True, slots=True)
class Words:
    """A body taken apart: what stood before the buyer's words, they themselves, and what followed."""

    before: str
    own: str
    after: str


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    label: str
    is_begin: bool
    is_end: bool


def buyer_words(body: str) -> Words:
    """Find what the buyer wrote; without a frame, the whole body less Amazon's own lines."""
    lines = body.split("\n")
    bounds = _frame(lines)
    if bounds is None:
        return _unframed(lines)
    begin, end = bounds
    own = "\n".join(lines[begin + 1 : end]).strip()
    if not own:
        return _unframed(lines)
    return Words("\n".join(lines[:begin]), own, "\n".join(lines[end + 1 :]))


def _frame(lines: list[str]) -> tuple[int, int] | None:
    marks = [mark for number, line in enumerate(lines) if (mark := _mark(number, line))]
    begins = [mark for mark in marks if mark.is_begin and not mark.is_end]
    if not begins:
        return _frame_of_unknown_words(lines, marks)
    begin = begins[0].line
    until = begins[1].line if len(begins) > 1 else len(lines)
    inside = [mark for mark in marks if begin < mark.line < until]
    ends = [mark for mark in inside if mark.is_end] or inside
    if ends:
        return begin, ends[-1].line
    return begin, _footer_line(lines, begin + 1)


def _frame_of_unknown_words(lines: list[str], marks: list[_Mark]) -> tuple[int, int] | None:
    """Accept two different dashed lines in a language we do not know, if an order block stands above."""
    if len(marks) < 2 or marks[0].label == marks[-1].label:
        return None
    if not any(ORDER_ID.search(line) or _ASIN.search(line) for line in lines[: marks[0].line]):
        return None
    return marks[0].line, marks[-1].line


def _mark(number: int, line: str) -> _Mark | None:
    bare = line.strip()
    if len(bare) > _LABEL_LINE_CHARS or not bare.startswith(tuple(_DASHES)):
        return None
    without_lead = bare.lstrip(_DASHES)
    label = without_lead.rstrip(_DASHES)
    if len(bare) - len(without_lead) < _FEWEST_DASHES or len(without_lead) - len(label) < _FEWEST_DASHES:
        return None
    label = label.strip().lower()
    words = set(_WORD.findall(label))
    is_begin = bool(words & _BEGIN_WORDS) or any(sign in label for sign in _BEGIN_SIGNS)
    is_end = bool(words & _END_WORDS) or any(sign in label for sign in _END_SIGNS)
    return _Mark(number, label, is_begin, is_end) if label else None


def _footer_line(lines: list[str], start: int) -> int:
    for number in range(start, len(lines)):
        if TOKEN.search(lines[number]) or _FOOTER_LINK.search(lines[number][:1000]):
            return number
    return len(lines)


def _unframed(lines: list[str]) -> Words:
    start = _after_order_block(lines)
    end = _footer_line(lines, start)
    own = "\n".join(lines[start:end]).strip()
    if not own:
        own = TOKEN.sub("", "\n".join(lines)).strip()
    return Words("\n".join(lines[:start]), own, "\n".join(lines[end:]))


def _after_order_block(lines: list[str]) -> int:
    """Find the first line below Amazon's list of order id and items, if one opens the body."""
    start = 0
    for number, line in enumerate(lines[:_HEADER_LINES]):
        bare = line.strip()
        if not bare:
            continue
        is_order_line = (
            ORDER_ID.search(bare) and len(ORDER_ID.sub("", bare)) < 40 and bare.endswith((":", "：", "]"))
        )
        if not is_order_line and not _ITEM_LINE.match(bare[:500]):
            break
        start = number + 1
    return start


def order_id(subject: str, words: Words) -> str | None:
    """Find the order the mail is about: the subject first, then Amazon's block, then the rest."""
    for text in (subject, words.before, words.own, words.after):
        found = first_order_id(text)
        if found:
            return found
    return None


def first_order_id(text: str) -> str | None:
    """Find the first order id in a text."""
    found = ORDER_ID.search(text)
    return found.group() if found else None


def token(words: Words, whole: str, markup: str) -> str | None:
    """Find Amazon's thread token: the one below the buyer's words belongs to this very mail."""
    for text in (words.after, whole, markup):
        found = TOKEN.search(text)
        if found:
            return found.group()
    return None
