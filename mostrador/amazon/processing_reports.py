"""Amazon's processing reports: what became of each message of a feed, believed only when everything fits.

A message that went well has no Result at all, so silence is only success when the counts add up. Whatever is
odd, about one message or about the whole report, goes to a person (`review`): never a guess about money.
The XML comes from outside: it is read as a stream, without a tree, and a DTD of any kind ends the reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from lxml import etree

MAX_BYTES = 20 * 1024 * 1024
MAX_ELEMENTS = 100_000
MAX_DEPTH = 16
MAX_TEXT = 4_000  # characters of one field
CHUNK = 64 * 1024

# Codes that refuse a message for certain when Amazon calls them an Error. Others are left to a person.
REFUSALS = frozenset({"5000", "18028", "18021", "25161", "25181", "25221", "25441", "30741"})


class Outcome(StrEnum):
    """What a report says about one message."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message; `code` and `words` are Amazon's, or our reason for a review."""

    outcome: Outcome
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict for every message that was expected. `doubt` is why the report as a whole is not believed."""

    by_message: Mapping[int, Verdict] = field(hash=False)
    transaction_id: str | None
    status_code: str | None
    processed: int | None
    successful: int | None
    with_error: int | None
    with_warning: int | None
    doubt: str


def read(body: bytes, *, expected: Collection[int]) -> Report:
    """Return what a report says about the expected messages. Never raises, whatever the bytes are."""
    seen = _Sheet()
    doubt = _fault(body, seen)
    results = [_result(row) for row in seen.results]
    doubt = doubt or _doubt(seen, results, set(expected))
    by_message = {number: _verdict(number, results, doubt) for number in expected}
    return Report(
        by_message=MappingProxyType(by_message),
        transaction_id=seen.facts.get("DocumentTransactionID"),
        status_code=seen.facts.get("StatusCode"),
        processed=_count(seen, "MessagesProcessed"),
        successful=_count(seen, "MessagesSuccessful"),
        with_error=_count(seen, "MessagesWithError"),
        with_warning=_count(seen, "MessagesWithWarning"),
        doubt=doubt,
    )


@dataclass(frozen=True, slots=True)
class _Result:
    message_id: int | None
    kind: str
    code: str
    words: str


class _Fault(Exception):
    """The document is not a report that we are willing to read; the text says why."""


_REPORT = ("AmazonEnvelope", "Message", "ProcessingReport")
_MESSAGE_TYPE = ("AmazonEnvelope", "MessageType")
_SUMMARY = (*_REPORT, "ProcessingSummary")
_RESULT = (*_REPORT, "Result")
_SUMMARY_FIELDS = frozenset(
    {"MessagesProcessed", "MessagesSuccessful", "MessagesWithError", "MessagesWithWarning"}
)
_RESULT_FIELDS = frozenset({"MessageID", "ResultCode", "ResultMessageCode", "ResultDescription"})
_REPORT_FIELDS = frozenset({"DocumentTransactionID", "StatusCode"})
_FIELDS = _SUMMARY_FIELDS | _RESULT_FIELDS | _REPORT_FIELDS | {"MessageType"}


class _Sheet:
    """Collects the few fields we need while the XML streams by (lxml's parser target)."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.results: list[dict[str, str]] = []
        self.reports = 0
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._elements = 0

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        self._elements += 1
        self._path.append(tag)
        if self._elements > MAX_ELEMENTS or len(self._path) > MAX_DEPTH:
            raise _Fault("the report is too long or too deep")
        if len(self._path) == 1 and tag != "AmazonEnvelope":
            raise _Fault("the document is not a processing report")
        if len(self._path) > 1 and self._path[-2] in _FIELDS:
            raise _Fault("a field of the report has elements in it")
        self._text, self._length = [], 0
        path = tuple(self._path)
        if path == _REPORT:
            self.reports += 1
        elif path == _RESULT:
            self.results.append({})

    def data(self, text: str) -> None:
        room = MAX_TEXT - self._length
        if room > 0:
            self._text.append(text[:room])
            self._length += len(text)

    def end(self, tag: str) -> None:
        parent, text = tuple(self._path[:-1]), "".join(self._text).strip()
        if (*parent, tag) == _MESSAGE_TYPE:
            self._keep(self.facts, "MessageType", text)
        elif (parent == _REPORT and tag in _REPORT_FIELDS) or (parent == _SUMMARY and tag in _SUMMARY_FIELDS):
            self._keep(self.facts, tag, text)
        elif parent == _RESULT and tag in _RESULT_FIELDS:
            self._keep(self.results[-1], tag, text)
        self._path.pop()
        self._text, self._length = [], 0

    def doctype(self, *_: object) -> None:
        raise _Fault("the report declares a DTD")

    def close(self) -> None:
        """Nothing is left to do at the end; lxml wants the method."""

    def _keep(self, fields: dict[str, str], name: str, text: str) -> None:
        if name in fields:
            raise _Fault(f"the report says {name} twice")
        fields[name] = text


def _fault(body: bytes, seen: _Sheet) -> str:
    """Fill the sheet from the bytes and return why they are not a report, or nothing."""
    if not body.strip():
        return "the report is empty"
    if len(body) > MAX_BYTES:
        return "the report is too large"
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return "the report declares a DTD"
    parser = etree.XMLParser(
        target=seen,  # type: ignore[arg-type]  # the stub wants every method a target may have
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )
    try:
        for start in range(0, len(body), CHUNK):
            parser.feed(body[start : start + CHUNK])
        parser.close()
    except _Fault as fault:
        return str(fault)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return "the report is not well-formed XML, or is cut off"
    return ""


def _result(row: Mapping[str, str]) -> _Result:
    return _Result(
        message_id=_number(row.get("MessageID")),
        kind=row.get("ResultCode", ""),
        code=row.get("ResultMessageCode", ""),
        words=row.get("ResultDescription", ""),
    )


def _doubt(seen: _Sheet, results: list[_Result], expected: set[int]) -> str:
    """Return why the report as a whole is not believed, or nothing."""
    if seen.facts.get("MessageType") != "ProcessingReport" or seen.reports != 1:
        return "the document is not one processing report"
    if seen.facts.get("StatusCode") != "Complete":
        return f"the report's status is {seen.facts.get('StatusCode', 'missing')[:40]!r}, not Complete"
    named = {result.message_id for result in results}
    if 0 in named:
        return "the report finds fault with the whole document: " + _words_for(0, results)
    if None in named:
        return "a result does not say which message it is about"
    if named - expected:
        return "the report names a message that was not in this feed"
    return _miscount(seen, results, expected)


def _miscount(seen: _Sheet, results: list[_Result], expected: set[int]) -> str:
    processed, successful = _count(seen, "MessagesProcessed"), _count(seen, "MessagesSuccessful")
    with_error, with_warning = _count(seen, "MessagesWithError"), _count(seen, "MessagesWithWarning")
    if processed is None or successful is None or with_error is None or with_warning is None:
        return "the report has no complete summary"
    errors = {result.message_id for result in results if result.kind == "Error"}
    warnings = {result.message_id for result in results if result.kind == "Warning"} - errors
    if processed != len(expected) or with_error != len(errors) or with_warning < len(warnings):
        return "the report's counts do not fit this feed"
    # Amazon does not say whether a message with a warning counts as successful: either is taken.
    if successful not in (processed - len(errors), processed - len(errors) - len(warnings)):
        return "the report's counts do not add up"
    return ""


def _verdict(number: int, results: list[_Result], doubt: str) -> Verdict:
    own = [result for result in results if result.message_id == number]
    if doubt:
        return Verdict(Outcome.REVIEW, own[0].code if own else "", _joined(doubt, own))
    if not own:
        return Verdict(Outcome.ACCEPTED)
    if len(own) > 1:
        return Verdict(Outcome.REVIEW, own[0].code, _joined("several results for one message", own))
    only = own[0]
    if only.kind == "Error" and only.code in REFUSALS:
        return Verdict(Outcome.REJECTED, only.code, only.words)
    reason = "a warning" if only.kind == "Warning" else "a result we do not know"
    return Verdict(Outcome.REVIEW, only.code, _joined(reason, own))


def _joined(reason: str, results: list[_Result]) -> str:
    return "; ".join([reason, *(result.words for result in results[:5] if result.words)])[: 2 * MAX_TEXT]


def _words_for(number: int, results: list[_Result]) -> str:
    return next((f"{r.code} {r.words}"[:500] for r in results if r.message_id == number), "")


def _count(seen: _Sheet, name: str) -> int | None:
    return _number(seen.facts.get(name))


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 20:
        return None
    return int(text)
