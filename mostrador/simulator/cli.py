"""The command line of the simulator."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from mostrador.simulator.server import serve_as_process
from mostrador.simulator.settings import ASSUMPTIONS, Compression, Settings, default_assumptions
from mostrador.simulator.shop import ShopError

REALISTIC = (120.0, 600.0)

DESCRIPTION = """\
Run Amazon on this machine: login (LWA), Orders 2026-01-01, Feeds 2021-06-30, Finances 2024-06-19,
Notifications v1, the buyers' mail relay, and a ledger of its own. It listens on 127.0.0.1
only and moves no real money.
Point both the SP-API endpoint and the LWA endpoint of a client at the printed address."""

EPILOG = """\
examples:
  python -m mostrador.simulator --state .data/amazon --maildir .data/mail
  python -m mostrador.simulator --state /tmp/a --control --speed 60 --processing 2-2

What Amazon does is not confirmed everywhere; --assume chooses (the first value is the default):
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    choices = "\n".join(f"  {name} = {' | '.join(values)}" for name, values in ASSUMPTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m mostrador.simulator",
        description=DESCRIPTION,
        epilog=EPILOG + choices,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="HTTP port; 0 takes a free one (default)")
    add("--smtp-port", type=int, default=0, help="port of the mail relay; 0 takes a free one (default)")
    add(
        "--state",
        type=Path,
        metavar="DIR",
        help="keep the ledger and credentials.json here; without: in memory",
    )
    add("--shop", choices=("nordlicht", "empty"), default="nordlicht", help="what a fresh state begins with")
    add("--archive", type=Path, metavar="FILE", help="more orders for a fresh state, as shop files have them")
    add("--maildir", type=Path, metavar="DIR", help="deliver buyers' mails here, one Maildir per seller")
    add("--processing", type=seconds_range, metavar="MIN-MAX", help="seconds a feed takes (default 3-8)")
    add("--realistic", action="store_true", help="feeds take minutes, as at Amazon (2 to 10)")
    add("--speed", type=positive, default=1.0, metavar="N", help="the clock runs N times as fast (default 1)")
    add("--finances-delay", type=float, default=0.0, metavar="SECONDS", help="until money shows in Finances")
    add(
        "--control",
        action="store_true",
        help="offer /control/ (ledger, log, clock, misfortunes); never in public",
    )
    add("--sqs-endpoint", default="", metavar="URL", help="server that speaks SQS, for notifications")
    add("--sqs-queue-url", default="", metavar="URL", help="send notifications to this queue")
    add("--sqs-region", default=Settings.sqs_region, metavar="REGION", help="AWS region of that queue")
    add(
        "--report-gzip",
        type=Compression,
        choices=list(Compression),
        default=Compression.AUTO,
        help="compress processing reports (auto: only long ones)",
    )
    add(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=assumption,
        help="see below; repeatable",
    )
    return parser


def seconds_range(text: str) -> tuple[float, float]:
    """Return the two numbers of "3-8".

    Raises: argparse.ArgumentTypeError when it is not a range.
    """
    low, dash, high = text.partition("-")
    try:
        chosen = (float(low), float(high if dash else low))
    except ValueError:
        raise argparse.ArgumentTypeError("a range looks like 3-8") from None
    if not 0 <= chosen[0] <= chosen[1]:
        raise argparse.ArgumentTypeError("a range goes from small to large")
    return chosen


def positive(text: str) -> float:
    """Return a number above zero.

    Raises: argparse.ArgumentTypeError when it is not one.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if number <= 0:
        raise argparse.ArgumentTypeError("must be a number above zero")
    return number


def assumption(text: str) -> tuple[str, str]:
    """Return the name and value of one choice.

    Raises: argparse.ArgumentTypeError when there is no such choice.
    """
    name, _, value = text.partition("=")
    if value not in ASSUMPTIONS.get(name, ()):
        raise argparse.ArgumentTypeError(f"no such choice: {text}; see --help")
    return name, value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator until it is told to stop, and return the exit code."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    processing = chosen.processing or (REALISTIC if chosen.realistic else Settings.processing)
    settings = Settings(
        state=chosen.state,
        shop=chosen.shop,
        archive=chosen.archive,
        port=chosen.port,
        smtp_port=chosen.smtp_port,
        maildir=chosen.maildir,
        processing=processing,
        speed=chosen.speed,
        finances_delay=chosen.finances_delay,
        control=chosen.control,
        sqs_endpoint=chosen.sqs_endpoint,
        sqs_queue_url=chosen.sqs_queue_url,
        sqs_region=chosen.sqs_region,
        report_gzip=chosen.report_gzip,
        assumptions=default_assumptions() | dict(chosen.assume),
    )
    try:
        asyncio.run(serve_as_process(settings))
    except (OSError, ShopError) as problem:
        parser.exit(1, f"{parser.prog}: {problem}\n")
    return 0
