"""The state folder: credentials, restarts, a kill in the middle, and the command line."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mostrador.simulator.cli import main, make_parser, seconds_range
from mostrador.simulator.server import Simulator, start
from tests.simulator.caller import ADJUSTMENTS, Caller, adjusted, adjustment

ORDER, ITEM = "112-4456093-9917824", "11244560939918"
THREE = adjustment(ORDER, adjusted(ITEM, "USD", Principal="3.00"))


def test_a_restart_keeps_ledger_feeds_and_credentials(
    fresh: Callable[..., Simulator], tmp_path: Path
) -> None:
    first = fresh(state=tmp_path)
    with Caller(first, "na") as us:
        feed_id = us.send(ADJUSTMENTS, THREE)
        us.ended(feed_id)
        token, before, orders = (
            us.http.headers["x-amz-access-token"],
            us.seller,
            us.control("GET", "ledger")["orders"],
        )
        clock = us.control("GET", "clock")["now"]
    first.stop()
    with Caller(fresh(state=tmp_path), "na") as us:
        us.http.headers["x-amz-access-token"] = token
        assert us.seller == before
        assert us.control("GET", "ledger")["orders"] == orders
        assert us.control("GET", "clock")["now"] >= clock
        assert us.refunded(ORDER, ITEM) == "3.00"
        assert "MessagesSuccessful>1<" in us.raw_report(feed_id).decode()


def test_a_kill_while_feeds_wait_neither_loses_nor_doubles_them(
    fresh: Callable[..., Simulator], tmp_path: Path
) -> None:
    first = start("--processing", "50-50", state=tmp_path)
    with Caller(first, "na") as us:
        feeds = [us.send(ADJUSTMENTS, THREE) for _ in range(3)]
        us.ended(feeds[0])
        us.control("POST", "clock", {"advance": 15})
    first.kill()
    first.stop()
    with Caller(fresh(processing=(50.0, 50.0), state=tmp_path), "na") as us:
        assert [us.ended(feed)["processingStatus"] for feed in feeds] == ["DONE"] * 3
        assert us.refunded(ORDER, ITEM) == "9.00"


def test_credentials_are_for_their_owner_only(amazon: Simulator) -> None:
    path = amazon.state / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sellers = json.loads(path.read_text("utf-8"))["sellers"]
    assert [seller["region"] for seller in sellers] == ["eu", "na", "fe"]
    assert set(sellers[0]) == {
        "name",
        "seller_id",
        "region",
        "marketplaces",
        "client_id",
        "client_secret",
        "refresh_token",
        "mailbox_address",
        "maildir",
    }


def test_the_start_takes_less_than_a_few_seconds() -> None:
    begun = time.monotonic()
    start().stop()
    # It takes half a second; the rest is for a machine that is busy with something else.
    assert time.monotonic() - begun < 5


def test_an_empty_shop_has_sellers_and_nothing_else(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(shop="empty"), "eu") as eu:
        assert eu.control("GET", "ledger")["orders"] == {}
        assert list(Path(eu.seller["maildir"], "new").iterdir()) == []


def test_the_control_endpoint_is_off_unless_asked_for(tmp_path: Path) -> None:
    with start(state=tmp_path, control=False) as simulator, Caller(simulator, "na") as us:
        assert us.plain.get(f"{simulator.url}/control/ledger").status_code == 404


def test_the_clock_can_run_faster(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(speed=1000.0), "na") as us:
        before = us.control("GET", "clock")["now"]
        time.sleep(0.05)
        assert us.control("GET", "clock")["now"] - before >= 50


def test_without_a_state_folder_it_runs_in_memory_and_says_only_where() -> None:
    child = subprocess.Popen([sys.executable, "-m", "mostrador.simulator"], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().startswith("simulator ready on http://127.0.0.1:")
    child.terminate()
    assert child.stdout.read() == ""
    assert child.wait(timeout=10) == 0
    child.stdout.close()


def test_the_help_names_every_option_and_assumption() -> None:
    text = make_parser().format_help()
    for word in ("--port", "--smtp-port", "--state", "--shop", "--maildir", "--processing", "--realistic"):
        assert word in text
    for word in ("--speed", "--finances-delay", "--control", "--report-gzip", "--assume", "document-reuse"):
        assert word in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--processing", "8-3"],
        ["--speed", "0"],
        ["--assume", "moon=cheese"],
        ["--shop", "none"],
        ["--processing", "x"],
    ],
)
def test_a_senseless_option_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_range_may_be_one_number() -> None:
    assert seconds_range("5") == (5.0, 5.0)
    assert seconds_range("0.1-0.2") == (0.1, 0.2)
