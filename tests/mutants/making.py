"""Making mutants: every small change of a module that could be a bug, as source text.

Cosmic Ray's operators are the first half. The second is ours, for what a state machine can get wrong: another
member of an enum, a keyword, a statement, an element or an operand left out, a condition that always holds.
Annotations, the shape of dataclasses, docstrings and sentences for people are left alone.
"""

from __future__ import annotations

import ast

from tests.mutants.cosmic import cosmic_mutants
from tests.mutants.edits import own_mutants
from tests.mutants.mutant import Mutant

# Of the variants of one comparison, those that matter most where the tests take long.
_TELLING = tuple(
    f"Operator_{one}_{other}"
    for pair in ("Eq NotEq", "Is IsNot", "In NotIn", "Gt GtE", "Lt LtE", "Add Sub")
    for one, other in (pair.split(), reversed(pair.split()))
)


def mutants(source: str, *, sparing: bool = False) -> list[Mutant]:
    """Return every different mutant of a module that can be compiled.

    `sparing` leaves out the variants of one operator that are seldom subtle, and the schema of models, which
    is a matter of the migrations: for tests that take long.
    """
    found: dict[str, Mutant] = {}
    original = ast.dump(ast.parse(source))
    for mutant in (*cosmic_mutants(source), *own_mutants(source)):
        try:
            meaning = ast.dump(ast.parse(mutant.source))
        except SyntaxError:
            continue
        if meaning != original:
            found.setdefault(meaning, mutant)
    every = [each for each in found.values() if not (sparing and _is_spared(each, source))]
    return sorted(every, key=lambda each: (each.line, each.what))


def _is_spared(mutant: Mutant, source: str) -> bool:
    if mutant.line in _lines(source, ast.ClassDef) - _lines(source, ast.FunctionDef):
        return True
    operator = mutant.what.partition(":")[0]
    return operator.startswith(("ReplaceBinary", "ReplaceComparison")) and not operator.endswith(_TELLING)


def _lines(source: str, kind: type[ast.ClassDef | ast.FunctionDef]) -> set[int]:
    """Return the lines that are within a class or a function."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kind)]
    return {line for node in found for line in range(node.lineno, (node.end_lineno or 0) + 1)}
