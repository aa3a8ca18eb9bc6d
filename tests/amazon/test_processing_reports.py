"""Processing reports: believed when everything fits, otherwise shown to a person; never an exception."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mostrador.amazon import processing_reports
from mostrador.amazon.processing_reports import REFUSALS, Outcome, Report, Verdict, read

Row = tuple[object, str, str, str]


def report(
    *rows: Row,
    processed: object = 2,
    successful: object = 2,
    errors: object = 0,
    warnings: object = 0,
    status: str = "Complete",
    kind: str = "ProcessingReport",
) -> bytes:
    results = "".join(
        f"<Result><MessageID>{number}</MessageID><ResultCode>{word}</ResultCode>"
        f"<ResultMessageCode>{code}</ResultMessageCode><ResultDescription>{words}</ResultDescription>"
        "<AdditionalInfo><AmazonOrderID>123-1234567-1234567</AmazonOrderID></AdditionalInfo></Result>"
        for number, word, code, words in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">'
        "<Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>A3</MerchantIdentifier></Header>"
        f"<MessageType>{kind}</MessageType><Message><MessageID>1</MessageID><ProcessingReport>"
        f"<DocumentTransactionID>50013</DocumentTransactionID><StatusCode>{status}</StatusCode>"
        f"<ProcessingSummary><MessagesProcessed>{processed}</MessagesProcessed>"
        f"<MessagesSuccessful>{successful}</MessagesSuccessful><MessagesWithError>{errors}</MessagesWithError>"
        f"<MessagesWithWarning>{warnings}</MessagesWithWarning></ProcessingSummary>{results}"
        "</ProcessingReport></Message></AmazonEnvelope>"
    ).encode()


def outcomes(body: bytes, expected: Sequence[int] = (7, 8)) -> dict[int, Outcome]:
    return {number: verdict.outcome for number, verdict in read(body, expected=expected).by_message.items()}


GOOD = report()
REFUSED = report((8, "Error", "25161", "More than is left."), successful=1, errors=1)


def test_silence_is_success_when_the_counts_add_up() -> None:
    read_report = read(GOOD, expected=[7, 8])
    assert dict(read_report.by_message) == {7: Verdict(Outcome.ACCEPTED), 8: Verdict(Outcome.ACCEPTED)}
    assert (read_report.transaction_id, read_report.status_code) == ("50013", "Complete")
    assert (
        read_report.processed,
        read_report.successful,
        read_report.with_error,
        read_report.with_warning,
    ) == (2, 2, 0, 0)
    assert read_report.doubt == ""


def test_a_known_error_rejects_its_message_and_no_other() -> None:
    assert dict(read(REFUSED, expected=[7, 8]).by_message) == {
        7: Verdict(Outcome.ACCEPTED),
        8: Verdict(Outcome.REJECTED, "25161", "More than is left."),
    }


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_each_definite_code_rejects(code: str) -> None:
    assert outcomes(report((8, "Error", code, "x"), successful=1, errors=1))[8] is Outcome.REJECTED


def test_the_definite_codes_are_these_and_no_others() -> None:
    assert {"5000", "18021", "18028", "25161", "25181", "25221", "25441", "30741"} == REFUSALS


def test_the_outcomes_are_told_in_these_words() -> None:
    assert list(Outcome) == ["accepted", "rejected", "review"]


def test_the_summary_is_told_as_amazon_counted_even_where_it_is_not_believed() -> None:
    said = read(report(processed=9, successful=4, errors=3, warnings=2), expected=[7, 8])
    assert (said.processed, said.successful, said.with_error, said.with_warning) == (9, 4, 3, 2)
    assert (said.transaction_id, said.status_code) == ("50013", "Complete")
    assert said.doubt == "the report's counts do not fit this feed"


def test_words_keep_their_language_and_markup_as_text() -> None:
    body = report((8, "Error", "18028", "&lt;b&gt;データ &amp; 不足"), successful=1, errors=1)
    assert read(body, expected=[7, 8]).by_message[8].words == "<b>データ & 不足"


ONE_ODD: dict[str, bytes] = {
    "an unknown code": report((8, "Error", "99999", "x"), successful=1, errors=1),
    "no code": report((8, "Error", "", "x"), successful=1, errors=1),
    "a warning": report((8, "Warning", "25161", "x"), successful=1, warnings=1),
    "a warning counted as success": report((8, "Warning", "5000", "x"), successful=2, warnings=1),
    "an unknown result word": report((8, "Notice", "25161", "x")),
    "two results": report((8, "Error", "25161", "x"), (8, "Error", "25181", "y"), successful=1, errors=1),
    "a result and its contrary": report(
        (8, "Error", "25161", "x"), (8, "Warning", "0", "y"), successful=1, errors=1
    ),
}


@pytest.mark.parametrize("body", ONE_ODD.values(), ids=ONE_ODD.keys())
def test_what_is_odd_about_one_message_is_for_a_person(body: bytes) -> None:
    assert outcomes(body) == {7: Outcome.ACCEPTED, 8: Outcome.REVIEW}
    verdict = read(body, expected=[7, 8]).by_message[8]
    assert verdict.words


WORDED: dict[str, tuple[bytes, Verdict]] = {
    "a warning": (
        report((8, "Warning", "5000", "x"), successful=1, warnings=1),
        Verdict(Outcome.REVIEW, "5000", "a warning; x"),
    ),
    "an unknown code": (
        report((8, "Error", "9", "x"), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "9", "a result we do not know; x"),
    ),
    "without words": (
        report((8, "Error", "9", ""), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "9", "a result we do not know"),
    ),
    "several results": (
        report((8, "Error", "25161", "x"), (8, "Error", "25181", "y"), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "25161", "several results for one message; x; y"),
    ),
    "more results than are told": (
        report(*[(8, "Error", "1", str(n)) for n in range(7)], successful=1, errors=1),
        Verdict(Outcome.REVIEW, "1", "several results for one message; 0; 1; 2; 3; 4"),
    ),
    "very long words": (
        report((8, "Error", "1", "x" * 4_000), (8, "Error", "1", "y" * 4_000), successful=1, errors=1),
        Verdict(
            Outcome.REVIEW,
            "1",
            ("several results for one message; " + "x" * 4_000 + "; " + "y" * 4_000)[:8_000],
        ),
    ),
    "a report that is not believed": (
        report((8, "Error", "25161", "x"), successful=2, errors=1),
        Verdict(Outcome.REVIEW, "25161", "the report's counts do not add up; x"),
    ),
    "a fault of the whole document": (
        report((0, "Error", "5000", "malformed"), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "", "the report finds fault with the whole document: 5000 malformed"),
    ),
    "a long fault of the whole document": (
        report((0, "Error", "5000", "m" * 600), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "", "the report finds fault with the whole document: 5000 " + "m" * 495),
    ),
    "a result without a message": (
        report(("", "Error", "25161", "x"), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "", "a result does not say which message it is about"),
    ),
    "a message of another feed": (
        report((9, "Error", "25161", "x"), successful=1, errors=1),
        Verdict(Outcome.REVIEW, "", "the report names a message that was not in this feed"),
    ),
    "a long status": (
        report(status="s" * 41),
        Verdict(Outcome.REVIEW, "", f"the report's status is '{'s' * 40}', not Complete"),
    ),
}


@pytest.mark.parametrize(("body", "verdict"), WORDED.values(), ids=WORDED.keys())
def test_a_person_reads_the_reason_and_amazons_own_words(body: bytes, verdict: Verdict) -> None:
    assert read(body, expected=[7, 8]).by_message[8] == verdict


REJECTED, REVIEW = Outcome.REJECTED, Outcome.REVIEW
BOTH = ((7, "Warning", "5000", "x"), (8, "Error", "25161", "y"))
COUNTED: dict[str, tuple[bytes, dict[int, Outcome]]] = {
    "a warning that counts as no success": (
        report(*BOTH, successful=0, errors=1, warnings=1),
        {7: REVIEW, 8: REJECTED},
    ),
    "a warning that counts as success": (
        report(*BOTH, successful=1, errors=1, warnings=1),
        {7: REVIEW, 8: REJECTED},
    ),
    "an error that counts as success": (
        report(*BOTH, successful=2, errors=1, warnings=1),
        {7: REVIEW, 8: REVIEW},
    ),
    "a warning that was not counted": (
        report(*BOTH, successful=1, errors=1, warnings=0),
        {7: REVIEW, 8: REVIEW},
    ),
    "a warning more than is named": (
        report(successful=2, warnings=1),
        {7: Outcome.ACCEPTED, 8: Outcome.ACCEPTED},
    ),
    "more errors than are named": (
        report((8, "Error", "25161", "x"), successful=1, errors=2),
        {7: REVIEW, 8: REVIEW},
    ),
    "every message refused": (
        report((7, "Error", "25161", "x"), (8, "Error", "25161", "x"), successful=0, errors=2),
        {7: REJECTED, 8: REJECTED},
    ),
}


@pytest.mark.parametrize(("body", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_the_counts_must_add_up_with_the_results(body: bytes, expected: dict[int, Outcome]) -> None:
    assert outcomes(body) == expected


@pytest.mark.parametrize(
    "field",
    [
        "MessageType",
        "DocumentTransactionID",
        "StatusCode",
        "MessagesProcessed",
        "MessagesSuccessful",
        "MessagesWithError",
        "MessagesWithWarning",
        "ResultCode",
        "ResultMessageCode",
        "ResultDescription",
    ],
)
def test_a_field_is_said_once_and_has_nothing_but_text_in_it(field: str) -> None:
    begin, end = f"<{field}>".encode(), f"</{field}>".encode()
    assert REFUSED.count(begin) == 1
    twice = REFUSED.replace(end, end + begin + b"x" + end)
    assert read(twice, expected=[7, 8]).doubt == f"the report says {field} twice"
    nested = REFUSED.replace(end, b"<b/>" + end)
    assert read(nested, expected=[7, 8]).doubt == "a field of the report has elements in it"


def test_a_field_in_another_place_says_nothing() -> None:
    for stranger in (b"<MessageID>7</MessageID>", b"<StatusCode>Rejected</StatusCode>"):
        body = REFUSED.replace(b"<AmazonOrderID>", stranger + b"<AmazonOrderID>")
        assert outcomes(body) == {7: Outcome.ACCEPTED, 8: Outcome.REJECTED}
    for place in (b"<Header>", b"<Message>"):
        strange = place + b"<MessagesProcessed>9</MessagesProcessed><ResultCode>Error</ResultCode>"
        assert read(GOOD.replace(place, strange), expected=[7, 8]).doubt == ""


def test_blanks_around_a_text_do_not_count() -> None:
    assert outcomes(GOOD.replace(b"Complete", b"\n Complete\t")) == outcomes(GOOD)


def test_the_limits_are_these() -> None:
    limits = processing_reports
    assert (limits.MAX_BYTES, limits.MAX_ELEMENTS) == (20_971_520, 100_000)
    assert (limits.MAX_DEPTH, limits.MAX_TEXT, limits.CHUNK) == (16, 4_000, 65_536)


@pytest.mark.parametrize(("limit", "needed"), [("MAX_ELEMENTS", GOOD.count(b"</")), ("MAX_DEPTH", 5)])
def test_a_report_at_a_limit_is_read_and_one_above_it_is_not(
    limit: str, needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing_reports, limit, needed)
    assert read(GOOD, expected=[7, 8]).doubt == ""
    monkeypatch.setattr(processing_reports, limit, needed - 1)
    assert read(GOOD, expected=[7, 8]).doubt == "the report is too long or too deep"


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_a_report_reads_the_same_in_pieces_of_any_size(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_reports, "CHUNK", chunk)
    assert outcomes(REFUSED) == {7: Outcome.ACCEPTED, 8: Outcome.REJECTED}


@pytest.mark.parametrize(("digits", "number"), [(20, int("1" * 20)), (21, None)])
def test_a_number_has_at_most_twenty_digits(digits: int, number: int | None) -> None:
    assert read(report(processed="1" * digits), expected=[7, 8]).processed == number


FAULTS = {
    b" ": "the report is empty",
    b"<html></html>": "the document is not a processing report",
    b"<AmazonEnvelope/>": "the document is not one processing report",
    GOOD[:-1]: "the report is not well-formed XML, or is cut off",
    GOOD.replace(b"<StatusCode>Complete</StatusCode>", b""): (
        "the report's status is 'missing', not Complete"
    ),
    report(processed="two"): "the report has no complete summary",
    report(successful="two"): "the report has no complete summary",
    report(errors="two"): "the report has no complete summary",
    report(warnings="two"): "the report has no complete summary",
}


@pytest.mark.parametrize(("body", "doubt"), FAULTS.items())
def test_a_doubt_about_the_whole_report_says_why(body: bytes, doubt: str) -> None:
    assert read(body, expected=[7, 8]).doubt == doubt


XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "' + b"ha" * 50 + b'">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(12)
) + b"]>"  # fmt: skip
BODY_ONLY = GOOD.partition(b"?>")[2]

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blanks": b" \r\n\t",
    "html": b"<!doctype html><html><body>Service unavailable</body></html>",
    "html without a doctype": b"<html><body>Service unavailable</body></html>",
    "json": b'{"errors": []}',
    "text of a flat feed": b"Feed Processing Summary:\n\tNumber of records processed\t2\n",
    "another root": b"<EasyShipDocument><ProcessingReport/></EasyShipDocument>",
    "an expanded entity": XXE + BODY_ONLY.replace(b"Complete", b"&x;"),
    "an unused dtd": XXE + BODY_ONLY,
    "a plain dtd": b"<!DOCTYPE AmazonEnvelope>" + BODY_ONLY,
    "an external dtd": b'<!DOCTYPE AmazonEnvelope SYSTEM "http://127.0.0.1:1/x.dtd">' + BODY_ONLY,
    "a dtd in another alphabet": ("<!DOCTYPE a>" + BODY_ONLY.decode()).encode("utf-16"),
    "billion laughs": LAUGHS + BODY_ONLY.replace(b"Complete", b"&m;"),
    "cut off": GOOD[:-1],
    "cut in half": GOOD[: len(GOOD) // 2],
    "something behind the end": GOOD + b"<x/>",
    "two documents": GOOD + GOOD,
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a nul": GOOD.replace(b"50013", b"5\x00013"),
    "wrong characters": GOOD.replace(b"50013", b"\xff\xfe"),
    "an unknown encoding": GOOD.replace(b"UTF-8", b"UTF-81"),
    "deep": b"<AmazonEnvelope>" + b"<a>" * 100_000,
    "long": b"<AmazonEnvelope>" + b"<a/>" * 500_000,
    "many attributes": b"<AmazonEnvelope " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>",
    "a namespace": GOOD.replace(b"<AmazonEnvelope ", b'<AmazonEnvelope xmlns="urn:x" '),
    "another message type": report(kind="OrderAdjustment"),
    "still processing": report(status="Processing"),
    "rejected": report(status="Rejected"),
    "no status": GOOD.replace(b"<StatusCode>Complete</StatusCode>", b""),
    "two statuses": GOOD.replace(b"<StatusCode>", b"<StatusCode>Rejected</StatusCode><StatusCode>"),
    "two reports": GOOD.replace(b"</Message>", b"<ProcessingReport/></Message>"),
    "two summaries": GOOD.replace(
        b"</ProcessingSummary>",
        b"</ProcessingSummary>"
        + GOOD[GOOD.index(b"<ProcessingSummary>") : GOOD.index(b"</ProcessingReport>")],
    ),
    "no summary": GOOD[: GOOD.index(b"<ProcessingSummary>")] + GOOD[GOOD.index(b"</ProcessingReport>") :],
    "half a summary": GOOD.replace(b"<MessagesWithError>0</MessagesWithError>", b""),
    "too few processed": report(processed=1, successful=1),
    "too many processed": report(processed=3, successful=3),
    "nothing processed": report(processed=0, successful=0),
    "an error nobody is named for": report(successful=1, errors=1),
    "an error that was not counted": report((8, "Error", "25161", "x")),
    "counts that do not add up": report(successful=1),
    "a count that is a word": report(processed="two"),
    "a count below zero": report(errors="-1"),
    "a count in other digits": report(processed="٢"),
    "a count with a fraction": report(processed="2.0"),
    "a huge count": report(processed="9" * 5000),
    "a message of another feed": report((9, "Error", "25161", "x"), successful=1, errors=1),
    "message zero": report((0, "Error", "5000", "malformed"), successful=1, errors=1),
    "message zero beside another": report(
        (0, "Error", "5000", "x"), (8, "Error", "25161", "x"), successful=0, errors=2
    ),
    "a result without a message": report(("", "Error", "25161", "x"), successful=1, errors=1),
    "a message id that is a word": report(("eight", "Error", "25161", "x"), successful=1, errors=1),
    "a message id twice in one result": REFUSED.replace(
        b"<ResultCode>", b"<MessageID>7</MessageID><ResultCode>"
    ),
    "a result outside the report": GOOD.replace(
        b"</Message>", b"</Message><Result><MessageID>8</MessageID></Result>"
    ).replace(b"<StatusCode>Complete</StatusCode>", b""),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_report_that_does_not_fit_is_for_a_person_and_quickly(body: bytes) -> None:
    began = time.monotonic()
    read_report = read(body, expected=[7, 8])
    assert time.monotonic() - began < 1
    assert {verdict.outcome for verdict in read_report.by_message.values()} == {Outcome.REVIEW}
    assert read_report.doubt
    assert all(verdict.words.startswith(read_report.doubt) for verdict in read_report.by_message.values())


def test_a_report_above_the_limit_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_reports, "MAX_BYTES", len(GOOD))
    assert outcomes(GOOD)[7] is Outcome.ACCEPTED
    assert outcomes(GOOD + b" ") == {7: Outcome.REVIEW, 8: Outcome.REVIEW}


def test_a_long_description_is_cut_and_costs_little_memory() -> None:
    body = report((8, "Error", "25161", "x" * 5_000_000), successful=1, errors=1)
    tracemalloc.start()
    verdict = read(body, expected=[7, 8]).by_message[8]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (verdict.outcome, len(verdict.words)) == (Outcome.REJECTED, processing_reports.MAX_TEXT)
    assert peak < 20_000_000


def test_no_file_is_read_for_an_entity() -> None:
    verdict = read(HOSTILE["an expanded entity"], expected=[7]).by_message[7]
    assert verdict.words == "the report declares a DTD"


def test_nothing_expected_gives_nothing() -> None:
    assert dict(read(report(processed=0, successful=0), expected=[]).by_message) == {}


def _never_accepts(body: bytes) -> Report:
    read_report = read(body, expected=[7, 8])
    assert set(read_report.by_message) == {7, 8}
    return read_report


@given(st.binary(max_size=400))
@example(b"<AmazonEnvelope>")
@example(b"\x00")
def test_noise_is_never_accepted_and_never_an_exception(body: bytes) -> None:
    assert all(verdict.outcome is Outcome.REVIEW for verdict in _never_accepts(body).by_message.values())


# Without digits: a message id turned into another of the feed would be another report, not a damaged one.
without_digits = st.binary(max_size=6).filter(lambda noise: not any(48 <= byte <= 57 for byte in noise))


@given(st.integers(0, len(REFUSED) - 1), without_digits, st.integers(0, 6))
def test_a_damaged_refusal_never_becomes_an_acceptance_of_the_refused_message(
    at: int, inserted: bytes, removed: int
) -> None:
    damaged = REFUSED[:at] + inserted + REFUSED[at + removed :]
    read_report = _never_accepts(damaged)
    assert read_report.by_message[8].outcome is not Outcome.ACCEPTED


@given(st.integers(0, len(GOOD) - 2))
def test_a_cut_report_is_never_accepted(length: int) -> None:
    assert set(outcomes(GOOD[:length]).values()) == {Outcome.REVIEW}


ids = st.lists(st.integers(1, 10**20 - 1), min_size=1, max_size=12, unique=True)


@given(ids, st.data())
def test_a_true_report_is_read_as_it_was_meant(expected: list[int], data: st.DataObject) -> None:
    refused = data.draw(st.lists(st.sampled_from(expected), unique=True))
    rows: list[Row] = [(number, "Error", "25161", "x") for number in refused]
    body = report(
        *rows, processed=len(expected), successful=len(expected) - len(refused), errors=len(refused)
    )
    assert outcomes(body, expected) == {
        number: Outcome.REJECTED if number in refused else Outcome.ACCEPTED for number in expected
    }
