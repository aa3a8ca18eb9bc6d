"""Macro files: many macros as one TOML text, read with the line of every fault, and written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mostrador.domain.macro_reading import Fault, FaultCode, Unreadable, plain_macro, read_macro
from mostrador.domain.macros import Macro

LONGEST_FILE = 2_000_000  # characters
MOST_MACROS = 1_000
_HEADER = re.compile(r"\s*\[\[\s*macro\s*\]\]")
_TABLE = re.compile(r"\s*\[macro\.([a-z_]+)\]")
_SYNTAX_AT = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_FENCES = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault of a file: its line, the macro it is about, and what; `syntax` is TOML's own word."""

    line: int
    slug: str
    fault: Fault | None = None
    syntax: str = ""


class FileUnreadable(Exception):
    """A file that holds no macros, or some with faults; none of it counts."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(faults)} faults")


def read_file(text: str) -> list[Macro]:
    """Return the macros of a file.

    Raises: FileUnreadable with every fault and its line.
    """
    raw, places = _tables(text), _places(text)
    macros: list[Macro] = []
    faults: list[FileFault] = []
    for number, each in enumerate(raw):
        slug = str(each.get("slug", ""))
        try:
            macro = read_macro(each)
        except Unreadable as unreadable:
            faults += [_in_file(fault, slug, places, number) for fault in unreadable.faults]
            continue
        if any(known.slug == macro.slug for known in macros):
            twice = Fault("slug", FaultCode.TWICE, {"given": macro.slug})
            faults.append(_in_file(twice, slug, places, number))
        macros.append(macro)
    if faults:
        raise FileUnreadable(faults)
    return macros


def _tables(text: str) -> list[Mapping[str, Any]]:
    if len(text) > LONGEST_FILE:
        facts = {"longest": str(LONGEST_FILE), "length": str(len(text))}
        raise FileUnreadable([FileFault(1, "", Fault("macro", FaultCode.TOO_LONG, facts))])
    try:
        whole = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _SYNTAX_AT.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        raise FileUnreadable([FileFault(line, "", syntax=_SYNTAX_AT.sub("", str(error)).strip())]) from None
    tables = whole.pop("macro", None)
    if whole:
        name = next(iter(whole))
        raise FileUnreadable([FileFault(1, "", Fault(name, FaultCode.UNKNOWN_FIELD, {"wanted": "macro"}))])
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        raise FileUnreadable([FileFault(1, "", Fault("macro", FaultCode.MISSING))])
    if len(tables) > MOST_MACROS:
        raise FileUnreadable(
            [FileFault(1, "", Fault("macro", FaultCode.TOO_MANY, {"longest": str(MOST_MACROS)}))]
        )
    return tables


def _places(text: str) -> list[dict[str, int]]:
    """Return for each macro on which line each of its fields stands, and under "" where it begins."""
    found: list[dict[str, int]] = []
    table, fence = "", ""
    for line, words in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if words.count(fence) % 2 else fence
            continue
        if _HEADER.match(words):
            found.append({"": line})
            table = ""
        elif inner := _TABLE.match(words):
            table = f"{inner[1]}."
            _note(found, inner[1], line)
        elif key := re.match(r"\s*([A-Za-z_]+)\s*=", words):
            _note(found, table + key[1], line)
        fence = next((each for each in _FENCES if words.count(each) % 2), "")
    return found


def _note(found: list[dict[str, int]], name: str, line: int) -> None:
    if found:
        found[-1].setdefault(name, line)


def _in_file(fault: Fault, slug: str, places: Sequence[Mapping[str, int]], number: int) -> FileFault:
    lines = places[number] if number < len(places) else {"": 1}
    name = re.sub(r"\[\d+\].*", "", fault.place)
    line = next((lines[one] for one in (fault.place, name, name.partition(".")[0], "") if one in lines), 1)
    return FileFault(line, slug, fault)


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────


def write_file(macros: Sequence[Macro]) -> str:
    """Return the macros as a text that `read_file` reads back to the same macros."""
    return "\n".join(_written(plain_macro(macro)) for macro in macros)


def _written(plain: Mapping[str, Any]) -> str:
    lines = ["[[macro]]"]
    lines += [f"{name} = {_value(plain[name])}" for name in ("slug", "position", "active") if name in plain]
    lines += [f"says = {_value(plain['says'])}"] if "says" in plain else []
    if plain["steps"]:
        lines += ["steps = [", *(f"  {_value(step)}," for step in plain["steps"]), "]"]
    for name in ("when", "title", "text"):
        if plain.get(name):
            lines += ["", f"[macro.{name}]"]
            lines += [f"{key} = {_value(value)}" for key, value in plain[name].items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return "[" + ", ".join(_value(each) for each in value) + "]"


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped)
    return f'"""\n{escaped}"""' if "\n" in escaped else f'"{escaped}"'
