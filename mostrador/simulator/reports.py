"""Processing reports: the XML Amazon answers a feed with, and the ways in which it can be strange."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field

from lxml import etree

from mostrador.simulator.faults import ReportVariant

BOMB_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Problem:
    """One error of one message."""

    code: str
    description: str
    order_id: str = ""
    order_item_code: str = ""


@dataclass
class Outcome:
    """What became of the messages of a feed, by MessageID; a message without problems was applied."""

    problems: dict[str, list[Problem]] = field(default_factory=dict)
    document_problem: str = ""

    @property
    def failed(self) -> int:
        """How many messages were not applied."""
        return sum(1 for problems in self.problems.values() if problems)


def report_xml(outcome: Outcome, *, feed_id: str, merchant: str) -> bytes:
    """Return the processing report: a result for each problem, nothing for a success, and the counts."""
    root = etree.Element("AmazonEnvelope")
    header = etree.SubElement(root, "Header")
    _add(header, "DocumentVersion", "1.02")
    _add(header, "MerchantIdentifier", merchant)
    _add(root, "MessageType", "ProcessingReport")
    message = etree.SubElement(root, "Message")
    _add(message, "MessageID", "1")
    report = etree.SubElement(message, "ProcessingReport")
    _add(report, "DocumentTransactionID", feed_id)
    _add(report, "StatusCode", "Complete")
    _add_summary(report, outcome)
    if outcome.document_problem:
        _add_result(report, "0", Problem("5000", outcome.document_problem))
    for message_id, problems in outcome.problems.items():
        for problem in problems:
            _add_result(report, message_id, problem)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: etree._Element, name: str, content: str) -> None:
    etree.SubElement(parent, name).text = content


def _add_summary(report: etree._Element, outcome: Outcome) -> None:
    total = len(outcome.problems) or (1 if outcome.document_problem else 0)
    failed = total if outcome.document_problem else outcome.failed
    summary = etree.SubElement(report, "ProcessingSummary")
    _add(summary, "MessagesProcessed", str(total))
    _add(summary, "MessagesSuccessful", str(total - failed))
    _add(summary, "MessagesWithError", str(failed))
    _add(summary, "MessagesWithWarning", "0")


def _add_result(report: etree._Element, message_id: str, problem: Problem) -> None:
    result = etree.SubElement(report, "Result")
    _add(result, "MessageID", message_id)
    _add(result, "ResultCode", "Error")
    _add(result, "ResultMessageCode", problem.code)
    _add(result, "ResultDescription", problem.description)
    if problem.order_id:
        more = etree.SubElement(result, "AdditionalInfo")
        _add(more, "AmazonOrderID", problem.order_id)
        if problem.order_item_code:
            _add(more, "AmazonOrderItemCode", problem.order_item_code)


def strange(report: bytes, variant: ReportVariant) -> bytes:
    """Return the report in a strange form. A bomb is returned compressed."""
    match variant:
        case ReportVariant.UNREADABLE:
            return bytes(range(256)) * 4
        case ReportVariant.TRUNCATED:
            return report[: len(report) * 2 // 3]
        case ReportVariant.HTML:
            return (
                b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Sorry!</h1></body></html>"
            )
        case ReportVariant.XXE:
            return _with_doctype(report, b'<!ENTITY x SYSTEM "file:///etc/passwd">')
        case ReportVariant.BILLION_LAUGHS:
            levels = [b'<!ENTITY l0 "ha">']
            levels += [b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)]
            return _with_doctype(report, b"".join(levels) + b'<!ENTITY x "&l9;">')
        case ReportVariant.WRONG_COUNTS:
            return report.replace(b"<MessagesProcessed>", b"<MessagesProcessed>7")
        case ReportVariant.GZ_BOMB:
            return _bomb()
        case ReportVariant.UNKNOWN_CODE:
            return report


def _with_doctype(report: bytes, entities: bytes) -> bytes:
    declared = report.replace(
        b"<AmazonEnvelope>", b"<!DOCTYPE AmazonEnvelope [" + entities + b"]>\n<AmazonEnvelope>", 1
    )
    return declared.replace(b"<StatusCode>Complete", b"<StatusCode>&x;Complete", 1)


def _bomb() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as stream:
        chunk = b" " * (1024 * 1024)
        for _ in range(BOMB_BYTES // len(chunk)):
            stream.write(chunk)
    return packed.getvalue()
