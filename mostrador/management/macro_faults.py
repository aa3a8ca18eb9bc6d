"""Macro faults: what is wrong in a file of macros, in one line each, as compilers say it."""

from __future__ import annotations

from mostrador.domain.macro_files import FileFault
from mostrador.domain.macro_reading import FaultCode

_SENTENCES: dict[FaultCode, str] = {
    FaultCode.MISSING: "is missing",
    FaultCode.UNKNOWN_FIELD: "is no field; known here: {wanted}",
    FaultCode.WRONG_KIND: "must be: {wanted}",
    FaultCode.NOT_A_SLUG: "“{given}” is no name: small letters, digits, - and _, at most 60",
    FaultCode.TWICE: "“{given}” stands there twice",
    FaultCode.UNKNOWN_LANGUAGE: "is no language of the macros: {wanted}",
    FaultCode.TOO_LONG: "has {length} characters; {longest} fit",
    FaultCode.UNKNOWN_PLACE: "{{{given}}} is no place that can be filled in",
    FaultCode.NOT_ONE_OF: "“{given}” is not one of: {wanted}",
    FaultCode.NOT_A_PERCENTAGE: "“{given}” is no percentage above 0 and up to 100, with two decimals at most",
    FaultCode.NOT_AN_AGENT: "“{given}” is nobody: write me, nobody, or an agent's e-mail address",
    FaultCode.TWO_MONEY_STEPS: "a macro refunds or cancels once",
    FaultCode.TWO_OF_A_KIND: "“{given}” stands there twice",
    FaultCode.CLOSE_NEEDS_TEXT: "a macro that refunds or cancels closes with its answer: write one",
    FaultCode.NOTHING_IN_IT: "a macro has words, steps or both",
    FaultCode.MARK_NEEDED: "with {{{given}}} it must be marked: refunded, cancelled or refund_under_way",
    FaultCode.OTHER_MARK: "“{given}” contradicts its step",
    FaultCode.TOO_MANY: "more than {longest} are too many",
}


def fault_line(fault: FileFault) -> str:
    """Return a fault as one line: where, in which macro, and what."""
    macro = f" ({fault.slug})" if fault.slug else ""
    if fault.fault is None:
        return f"line {fault.line}: not TOML: {fault.syntax}"
    words = _SENTENCES[fault.fault.code].format_map(_Facts(fault.fault.facts))
    return f"line {fault.line}{macro}: {fault.fault.place}: {words}"


class _Facts(dict[str, str]):
    """Facts whose unknown names become a dash."""

    def __missing__(self, name: str) -> str:
        return "–"
