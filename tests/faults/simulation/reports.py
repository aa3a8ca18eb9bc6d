"""Processing reports as the fake Amazon writes them, and the ways in which they can be odd."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

Results = Sequence[tuple[int, str]]


def write(feed_id: str, *, processed: int, results: Results, errors: int | None = None) -> bytes:
    """Return a report: one error for each result, silence about what went well."""
    wrong = len(results) if errors is None else errors
    lines = "".join(
        f"<Result><MessageID>{number}</MessageID><ResultCode>Error</ResultCode>"
        f"<ResultMessageCode>{code}</ResultMessageCode>"
        "<ResultDescription>Amazon's words.</ResultDescription></Result>"
        for number, code in results
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header>'
        "<DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>A1</MerchantIdentifier></Header><MessageType>ProcessingReport</MessageType>"
        f"<Message><MessageID>1</MessageID><ProcessingReport><DocumentTransactionID>{feed_id}"
        "</DocumentTransactionID><StatusCode>Complete</StatusCode><ProcessingSummary>"
        f"<MessagesProcessed>{processed}</MessagesProcessed>"
        f"<MessagesSuccessful>{processed - wrong}</MessagesSuccessful>"
        f"<MessagesWithError>{wrong}</MessagesWithError><MessagesWithWarning>0</MessagesWithWarning>"
        f"</ProcessingSummary>{lines}</ProcessingReport></Message></AmazonEnvelope>"
    ).encode()


def spoil(rng: Random, report: bytes, feed_id: str, processed: int, results: Results) -> bytes | None:
    """Return an odd report in place of a good one, or none at all."""
    match rng.randrange(10):
        case 0:
            return None
        case 1:
            return b""
        case 2:
            return b"<!DOCTYPE html><html><body>Service Unavailable</body></html>"
        case 3:
            return report[: rng.randrange(len(report))]
        case 4:
            return write(feed_id, processed=processed + 1, results=results)
        case 5:
            return write(feed_id, processed=processed, results=results, errors=len(results) + 1)
        case 6:
            return write(feed_id, processed=processed, results=[*results, *results])
        case 7:
            return write("1", processed=processed, results=[(rng.randrange(1, 900), "25161")])
        case 8:
            return write(feed_id, processed=processed, results=[(number, "99999") for number, _ in results])
        case _:
            return write(feed_id, processed=processed, results=[(0, "5000")], errors=0)
