"""`mostrador macros`: out to a file, back in whole or not at all, and clear about every fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from mostrador.domain.macro_reading import FaultCode
from mostrador.domain.starter_set import starter_set
from mostrador.management.macro_faults import _SENTENCES
from mostrador.models import SavedMacro
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

File = Callable[[str, str], str]
MINE = '[[macro]]\nslug = "mine"\n[macro.title]\nen = "Mine"\n[macro.text]\nen = "{words}"\n'


def test_what_went_out_comes_back_in_unchanged(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "macros.toml")
    assert run("macros", "export", path) == f"{len(starter_set())} macros are in {path}."
    assert run("macros", "import", path) == f"0 were added, 0 changed, {len(starter_set())} are the same."
    assert not SavedMacro.objects.exists()
    assert run("macros", "export", "-").strip() == Path(path).read_text("utf-8").strip()


def test_a_dry_run_says_what_would_change_and_changes_nothing(run: Run, file: File) -> None:
    path = file("mine", MINE.replace("{words}", "Hello."))
    assert run("macros", "import", path, "--dry-run") == (
        "1 would be added, 0 changed, 0 are the same.\n  + mine"
    )
    assert not SavedMacro.objects.exists()
    run("macros", "import", path)
    assert json.loads(run("macros", "import", path, "--json"))["same"] == ["mine"]


def test_one_fault_keeps_everything_out(run: Run, file: File) -> None:
    path = file(
        "mine", MINE.replace("{words}", "Hi.") + MINE.replace("mine", "x y").replace("{words}", "{a}")
    )
    with pytest.raises(CommandError) as refused:
        run("macros", "import", path)
    assert "nothing was stored" in str(refused.value)
    assert "line 8 (x y): slug: “x y” is no name" in str(refused.value)
    assert "line 12 (x y): text.en: {a} is no place that can be filled in" in str(refused.value)
    assert not SavedMacro.objects.exists()


def test_a_file_that_is_no_toml_is_refused_with_its_line(run: Run, file: File) -> None:
    with pytest.raises(CommandError, match="line 2: not TOML"):
        run("macros", "import", file("mine", "[[macro]]\nslug = \n"))


def test_a_missing_file_is_refused(run: Run) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("macros", "import", "/nowhere/macros.toml")


def test_an_import_warns_of_a_claim_that_is_not_marked(
    run: Run, file: File, capsys: pytest.CaptureFixture[str]
) -> None:
    run("macros", "import", file("mine", MINE.replace("{words}", "We have refunded you.")))
    assert SavedMacro.objects.get().slug == "mine"
    assert "says “refunded” but is not marked so" in capsys.readouterr().err


def test_the_list_names_every_macro_with_its_steps(run: Run) -> None:
    said = run("macros", "list")
    assert "refund_part" in said
    assert "[refund, close]" in said
    assert len(json.loads(run("macros", "list", "--json"))["macros"]) == len(starter_set())


def test_every_fault_has_its_sentence() -> None:
    assert set(_SENTENCES) == set(FaultCode)
