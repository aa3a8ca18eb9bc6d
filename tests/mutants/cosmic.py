"""Cosmic Ray's operators, applied to one module; it need not be installed for anything else."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

from tests.mutants.mutant import Mutant


def cosmic_mutants(source: str) -> Iterator[Mutant]:
    """Give each top-level statement to the operators on its own: they read what they get again each time."""
    init = importlib.import_module("cosmic_ray.commands.init")
    trees = importlib.import_module("cosmic_ray.ast")
    mutating = importlib.import_module("cosmic_ray.mutating")
    operators = [(name.partition("/")[2], each) for name, _, each in init._operators({}) if _tells(name)]
    silent, lines = _annotations(source), source.splitlines(keepends=True)
    for first, last in _statements(source):
        text = "".join(lines[first:last])
        nodes = list(trees.ast_nodes(trees.get_ast(text)))
        for name, operator in operators:
            positions = [where for node in nodes for where in operator.mutation_positions(node)]
            for occurrence, ((line, column), _end) in enumerate(positions):
                start = (first + line, column)
                if any(begin <= start < end for begin, end in silent) or _is_star(name, lines[start[0] - 1]):
                    continue
                try:
                    changed = mutating.mutate_code(text, operator, occurrence)
                except AttributeError:  # its ExceptionReplacer stumbles over a dotted name
                    continue
                if changed is not None:
                    what = f"{name}: {lines[start[0] - 1].strip()}"
                    yield Mutant(start[0], what, "".join([*lines[:first], changed, *lines[last:]]))


def _tells(name: str) -> bool:
    """Return whether an operator can make a difference: members of enums and None are single objects."""
    return not name.endswith(("_Is_Eq", "_IsNot_NotEq"))


def _is_star(name: str, line: str) -> bool:
    """Return whether the star is the one that separates keyword parameters."""
    return name.endswith("Mul_Div") and (" *, " in line or line.strip() == "*,")


def _statements(source: str) -> Iterator[tuple[int, int]]:
    """Return the lines of each top-level statement: the first from 0, the last excluded."""
    for node in ast.parse(source).body:
        begins = [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]
        yield min(begins) - 1, node.end_lineno or node.lineno


def _annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations and unions of types stand: with postponed evaluation they do nothing."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.arg() | ast.AnnAssign():
                found.append(node.annotation)
            case ast.FunctionDef():
                found.append(node.returns)
            case ast.Assign(value=ast.BinOp(op=ast.BitOr()) as union) if _is_union(union):
                found.append(union)
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0))
        for each in found
        if each is not None
    ] + [
        ((line, 0), (line, 200))
        for line, text in enumerate(source.splitlines(), 1)
        if text[:10] == "@dataclass"
    ]


def _is_union(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _is_union(node.left) and _is_union(node.right)
    return isinstance(node, ast.Name) and not node.id.isupper() and not node.id.startswith("_")
