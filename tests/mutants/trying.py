"""Trying mutants: each is put in place of its module in a forked process that runs the tests.

Nothing on disk is changed, so that it does no harm beside other work. A mutant within functions only gets its
code into a session that has collected its tests already; any other is imported by a session of its own.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType, FunctionType, ModuleType

import pytest
from _pytest.main import Session
from _pytest.main import pytest_runtestloop as run_items

from tests.mutants.mutant import Mutant

MEMORY = 8 * 1024**3  # bytes: a mutant that collects without end must not take the machine with it
CPU = 60  # seconds of one core: an endless mutant ends by this
COMMON = ("-x", "-q", "-p", "no:cacheprovider", "--capture=no", "--hypothesis-seed=0")
PURE = ("-p", "no:django", "-o", "addopts=", "-o", "filterwarnings=")
EARLY = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # what was loaded before the session


@dataclass(frozen=True, slots=True)
class Module:
    """A module, the tests that speak for it, and how long they may take (seconds)."""

    path: str
    tests: tuple[str, ...]
    seconds: float
    has_database: bool = False

    @property
    def name(self) -> str:
        """How it is imported."""
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def options(self) -> list[str]:
        """How pytest is called for its tests."""
        kind = ("--reuse-db",) if self.has_database else PURE
        return [*COMMON, *EARLY, *kind, *self.tests]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: killed, survived, or ended because it took too long."""

    mutant: Mutant
    word: str


def results(module: Module, source: str, mutants: Sequence[Mutant], *, slots: int) -> Iterator[Result]:
    """Try every mutant, as many at once as there are slots.

    Raises: AssertionError when the tests fail without any mutant.
    """
    shape = _without_bodies(source)
    within = [
        each for each in mutants if _without_bodies(each.source) == shape and "super()" not in each.what
    ]
    others = [each for each in mutants if each not in within]
    unchanged = Mutant(0, "unchanged", source)
    yield from _all(others, slots, module.seconds, lambda mutant: _alone(module, mutant))
    pool = _Pool(module, [unchanged, *within], slots)
    pytest.main(module.options, plugins=[pool])
    assert len(pool.found) == len(within) + 1, "the session came to no end"
    assert any(each.mutant is unchanged and each.word == "survived" for each in pool.found), "tests fail"
    yield from (each for each in pool.found if each.mutant is not unchanged)


def _without_bodies(source: str) -> str:
    """Return what a module is but for what its functions do."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = []
    return ast.dump(tree)


class _Pool:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self, module: Module, mutants: Sequence[Mutant], slots: int) -> None:
        self.module, self.mutants, self.slots = module, mutants, slots
        self.found: list[Result] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Session) -> bool:
        """Run every mutant in a fork of this process."""
        functions = _functions(self.module)
        assert functions, "the tests do not load the module"
        gc.freeze()

        def within(mutant: Mutant) -> int:
            _put_code(functions, mutant.source, self.module.path)
            return _run(session)

        tries = _all(self.mutants, self.slots, self.module.seconds, within)
        for result in tries:
            self.found.append(result)
            if result.word != "killed":
                os.write(2, f"{result.mutant.line:5} {result.word}: {result.mutant.what}\n".encode())
        return True


def _run(session: Session) -> int:
    try:
        run_items(session)
    except (Session.Failed, Session.Interrupted):
        return 1
    return int(session.testsfailed > 0)


def _functions(module: Module) -> list[FunctionType]:
    """Return the functions of the loaded module, those behind properties and decorators as well."""
    path = sys.modules[module.name].__file__
    every = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
    return [each for each in every if each.__code__.co_filename == path]


def _put_code(functions: Iterable[FunctionType], source: str, path: str) -> None:
    """Give the functions the mutant's code."""
    new = {code.co_qualname: code for code in _codes(compile(source, path, "exec"))}
    for each in functions:
        each.__code__ = new.get(each.__code__.co_qualname, each.__code__)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


class _InPlace(MetaPathFinder, Loader):
    """Gives out the mutant where the module is asked for."""

    def __init__(self, module: Module, source: str) -> None:
        self.module, self.source = module, source

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """Return the mutant's spec for its own name only."""
        return spec_from_loader(fullname, self) if fullname == self.module.name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant's source as the module."""
        module.__file__ = self.module.path
        exec(compile(self.source, self.module.path, "exec"), module.__dict__)  # noqa: S102


def _alone(module: Module, mutant: Mutant) -> int:
    sys.meta_path.insert(0, _InPlace(module, mutant.source))
    return int(pytest.main(module.options))


def _all(
    mutants: Iterable[Mutant], slots: int, seconds: float, run: Callable[[Mutant], int]
) -> Iterator[Result]:
    """Run each mutant in a process of its own; 0 is survival."""
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = list(reversed(list(mutants)))
    while waiting or running:
        while waiting and len(running) < slots:
            mutant = waiting.pop()
            running[_begin(run, mutant)] = (mutant, time.monotonic() + seconds)
        time.sleep(0.005)
        for pid, (mutant, until) in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            word = "survived" if ended and os.WIFEXITED(status) and not os.WEXITSTATUS(status) else "killed"
            if not ended and time.monotonic() > until:
                os.killpg(pid, signal.SIGKILL)
                ended, word = os.waitpid(pid, 0)[0], "took too long"
            if ended:
                del running[pid]
                yield Result(mutant, word)


def _begin(run: Callable[[Mutant], int], mutant: Mutant) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 1))
    output = os.open(
        os.environ.get("MUTANTS_OUTPUT", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
    )
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 99  # whatever is raised: the mutant was noticed, and this process must end here
    try:
        code = run(mutant)
    finally:
        sys.stdout.flush()
        os._exit(code)
