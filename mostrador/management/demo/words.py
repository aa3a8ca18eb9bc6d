"""Words: what the demo prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mostrador.management.demo.shop import AGENTS, PASSWORD

_WELCOME = """
  Mostrador is ready after {seconds:.1f} s

    {address}

    sign in as   {team}
    password     {password}

  Try first
    1. Open the ticket on top: the buyer's words in the middle, the order beside them.
    2. Press f, choose a reason and refund. For 5 seconds you can take it back; then it
       travels to the pretend Amazon, whose answer appears in the ticket by itself.
    3. Press r and answer the buyer. The macros know the true state of the refund.
       Press ? for all keys.

  For programs: {address}/api/v1/  with a token from  mostrador add-token --agent {first}
  Logs: {logs}
  Ctrl-C ends every process. The data stays; make demo-reset begins anew.
"""

_LANGUAGES = {"en": "English", "de": "German", "es": "Spanish"}


def welcome(address: str, *, seconds: float, logs: Path) -> str:
    """Return the address, the login and what to try first."""
    longest = max(len(agent.email) for agent in AGENTS)
    team = "\n            or   ".join(
        f"{agent.email:{longest}}   ({_LANGUAGES[agent.language]}{', owner' if agent.is_owner else ''})"
        for agent in AGENTS
    )
    return _WELCOME.format(
        address=address,
        seconds=seconds,
        first=AGENTS[0].email,
        team=team,
        password=PASSWORD,
        logs=_near(logs),
    )


def not_a_demo(names: Sequence[str], data_dir: Path) -> str:
    """Return why the demo does not start in a database with selling partners of its own."""
    return (
        f"The database of {data_dir} is not a demo's: it knows {', '.join(names)}. "
        "Give the demo a place of its own: MOSTRADOR_DATA_DIR=.data-demo make demo"
    )


def _near(path: Path) -> str:
    """Return a path as seen from here, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
