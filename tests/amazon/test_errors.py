"""Which failures are proof that nothing was done."""

from __future__ import annotations

import json

import pytest

from mostrador.amazon.errors import (
    AmazonError,
    Happened,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unauthorized,
    classify,
    error_of_answer,
)


def amazons(**first: object) -> bytes:
    return json.dumps({"errors": [first]}).encode()


AMAZONS = json.dumps({"errors": [{"code": "InvalidInput", "message": "Bad.", "details": "More."}]}).encode()


@pytest.mark.parametrize(
    ("status", "readable", "began", "expected"),
    [
        (None, False, False, Happened.NO),
        (None, False, True, Happened.UNKNOWN),
        (400, True, True, Happened.NO),
        (401, True, True, Happened.NO),
        (403, True, True, Happened.NO),
        (404, True, True, Happened.NO),
        (413, True, True, Happened.NO),
        (415, True, True, Happened.NO),
        (429, True, True, Happened.NO),
        (429, False, True, Happened.NO),
        (400, False, True, Happened.UNKNOWN),
        (403, False, True, Happened.UNKNOWN),
        (408, True, True, Happened.UNKNOWN),
        (307, True, True, Happened.UNKNOWN),
        (500, True, True, Happened.UNKNOWN),
        (502, False, True, Happened.UNKNOWN),
        (503, True, True, Happened.UNKNOWN),
        (504, False, True, Happened.UNKNOWN),
        (200, False, True, Happened.UNKNOWN),
    ],
)
def test_only_what_is_proven_counts_as_not_done(
    status: int | None, readable: bool, began: bool, expected: Happened
) -> None:
    assert classify(status=status, readable=readable, request_began=began) is expected


def test_every_other_status_is_unknown_whatever_it_says() -> None:
    for status in [*range(100, 400), *range(500, 600)]:
        assert classify(status=status, readable=True, request_began=True) is Happened.UNKNOWN


def test_every_4xx_in_amazons_words_is_certain_but_the_time_out() -> None:
    for status in range(400, 500):
        certain = classify(status=status, readable=True, request_began=True) is Happened.NO
        assert certain is (status != 408)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, Refused),
        (428, Refused),
        (429, Throttled),
        (430, Refused),  # not to be tried again as if it were throttled
        (431, Refused),
        (499, Refused),
        (500, OutcomeUnknown),
    ],
)
def test_an_error_keeps_amazons_words_and_request_id(status: int, kind: type[AmazonError]) -> None:
    headers = {"x-amzn-requestid": "abc", "retry-after": "7"}
    error = error_of_answer("getFeed", status, headers, AMAZONS)
    assert type(error) is kind
    assert (error.operation, error.status) == ("getFeed", status)
    assert (error.code, error.message) == ("InvalidInput", "Bad. More.")
    assert (error.request_id, error.retry_after) == ("abc", 7.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>no</html>",
        b"[]",
        b"null",
        b'{"errors": []}',
        b'{"errors": ["x"]}',
        b'{"errors": {"code": "InvalidInput"}}',
        b'{"errors": "InvalidInput"}',
        b'{"errors": 400}',
        b'{"errors": [{"code": 3}]}',
        b"[" * 100_000,
        b'{"message": "Too Many Requests"}',
        b"\xff\xfe",
    ],
)
def test_a_4xx_that_is_not_amazons_is_unknown(body: bytes) -> None:
    error = error_of_answer("createFeed", 400, {}, body)
    assert type(error) is OutcomeUnknown
    assert error.happened is Happened.UNKNOWN


@pytest.mark.parametrize("text", ["soon", "-1", "1e9", "9999999999", "1000000", "", "٣"])
def test_a_strange_retry_after_is_left_out(text: str) -> None:
    assert error_of_answer("getFeed", 429, {"retry-after": text}, AMAZONS).retry_after is None


def test_what_happened_is_stored_in_these_words() -> None:
    assert list(Happened) == ["no", "unknown"]


def test_an_error_reads_as_operation_status_code_words_and_request() -> None:
    headers = {"x-amzn-requestid": "abc"}
    error = error_of_answer("createFeed", 400, headers, AMAZONS)
    assert str(error) == "createFeed: 400: InvalidInput: Bad. More.: request abc"
    assert error.args == ("Bad. More.",)
    silent = AmazonError("timed out", operation="createFeed", happened=Happened.UNKNOWN)
    assert str(silent) == "createFeed: no answer: timed out"
    assert (silent.status, silent.code, silent.request_id, silent.retry_after) == (None, "", None, None)


def test_long_words_are_cut() -> None:
    error = error_of_answer("getFeed", 400, {}, amazons(code="c" * 101, message="m" * 501))
    assert (error.code, error.message) == ("c" * 100, "m" * 500)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, ""),
        ({"message": "Bad."}, "Bad."),
        ({"message": "", "details": "More."}, "More."),
        ({"message": None, "details": "More."}, "More."),
        ({"message": ["Bad."], "details": {}}, ""),
    ],
)
def test_a_code_is_enough_and_odd_words_are_left_out(said: dict[str, object], message: str) -> None:
    error = error_of_answer("getFeed", 400, {}, amazons(code="InvalidInput", **said))
    assert (error.happened, error.code, error.message) == (Happened.NO, "InvalidInput", message)


def test_of_several_errors_the_first_speaks() -> None:
    body = json.dumps({"errors": [{"code": "One"}, {"code": "Two"}]}).encode()
    assert error_of_answer("getFeed", 400, {}, body).code == "One"


def test_an_unreadable_answer_says_so() -> None:
    error = error_of_answer("createFeed", 400, {}, b"<html>")
    assert (error.code, error.message) == ("", "the answer is not one of Amazon's error lists")


def test_a_throttled_answer_is_certain_without_amazons_words() -> None:
    error = error_of_answer("createFeed", 429, {"retry-after": "999999"}, b"slow down")
    assert (type(error), error.happened, error.retry_after) == (Throttled, Happened.NO, 999999.0)
