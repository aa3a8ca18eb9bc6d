"""Our own changes, for what a state machine can get wrong and Cosmic Ray does not try."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.mutants.mutant import Mutant

_STEP = re.compile(r"[a-z]+\.[a-z]+")  # names of failpoints and tasks
Edit = tuple[ast.AST, str, object, str]  # whose field becomes what, and how that reads


def own_mutants(source: str) -> Iterator[Mutant]:
    """Change the tree in one place at a time."""
    tree = ast.parse(source)
    for owner, field, new, what in list(_edits(tree)):
        if "reach(" in what or "assert_never(" in what:
            continue  # a name for the failpoints; a promise to the type checker
        old = getattr(owner, field)
        setattr(owner, field, new)
        yield Mutant(_line(owner), what, ast.unparse(tree))
        setattr(owner, field, old)


def _line(node: ast.AST) -> int:
    return node.pattern.lineno if isinstance(node, ast.match_case) else int(getattr(node, "lineno", 0))


def _edits(tree: ast.Module) -> Iterator[Edit]:
    members, spared = _members(tree), _spared(tree)
    for node in ast.walk(tree):
        if id(node) in spared:
            continue
        match node:
            case (
                ast.FunctionDef()
                | ast.If()
                | ast.For()
                | ast.While()
                | ast.With()
                | ast.Try()
                | ast.match_case()
            ):
                yield from _without_statements(node)
            case ast.Call():
                yield from _less(node, "keywords")
            case ast.Set() | ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
                yield from _less(node, "elts")
            case ast.BoolOp():
                yield from _less(node, "values")
            case ast.Match():
                yield from _less(node, "cases")
            case ast.Constant(value=str(text)) if text and " " not in text and not _STEP.fullmatch(text):
                yield node, "value", "mutant", f"another word for {text!r}"
            case ast.Name(id="max" | "min" as name):
                yield node, "id", "min" if name == "max" else "max", f"not {name}"
            case ast.Attribute(value=ast.Name(id=enum), attr=member) if member in members.get(enum, ()):
                other = members[enum][(members[enum].index(member) + 1) % len(members[enum])]
                if other != member:
                    yield node, "attr", other, f"{enum}.{other} for {member}"
        yield from _always_or_never(node)


def _less(node: ast.AST, field: str) -> Iterator[Edit]:
    """Leave out one of several."""
    every = getattr(node, field)
    for place, one in enumerate(every):
        if field != "values" or len(every) > 1:
            yield node, field, every[:place] + every[place + 1 :], f"without {_short(one)}"


def _without_statements(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Try):
        yield from _less(node, "handlers")
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None) or []
        for place, one in enumerate(block):
            if isinstance(one, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise | ast.Assert | ast.Return):
                if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                    continue
                rest = [*block[:place], ast.Pass(), *block[place + 1 :]]
                yield node, field, rest, f"without {_short(one)}"


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def _always_or_never(node: ast.AST) -> Iterator[Edit]:
    for field in ("test", "guard"):
        condition = getattr(node, field, None)
        if isinstance(condition, ast.expr) and not isinstance(node, ast.Assert):
            for value in (True, False):
                yield node, field, ast.Constant(value), f"{value} for {_short(condition)}"


def _members(tree: ast.Module) -> dict[str, list[str]]:
    """Return the members of each enum that the module names."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=member) if member.isupper() and owner != "self":
                known = found.setdefault(owner, [])
                if member not in known:
                    known.append(member)
    return found


def _spared(tree: ast.Module) -> set[int]:
    """Return the nodes that are no part of what the module does: annotations and texts within f-strings."""
    spared: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as silent) | ast.AnnAssign(annotation=ast.expr() as silent):
                spared |= {id(each) for each in ast.walk(silent)}
            case ast.ClassDef(decorator_list=[silent]):
                spared |= {id(each) for each in ast.walk(silent)}
            case ast.FunctionDef(returns=ast.expr() as silent):
                spared |= {id(each) for each in ast.walk(silent)}
            case ast.JoinedStr(values=parts):
                spared |= {id(each) for each in parts if isinstance(each, ast.Constant)}
            case ast.FormattedValue(format_spec=ast.expr() as spec):
                spared |= {id(each) for each in ast.walk(spec)}
    return spared
