"""Stand: a django-helpdesk in a venv and a database of its own, with the very tickets and texts of ours.

Its tables come over from ours by COPY: each ticket once, each message as a follow-up, and the first message
as the ticket's description too, as its own intake of mails does it. Open and waiting are its status open.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copyfile

import httpx
import psycopg

from bench.desk import SECONDS_TO_START, Desk, free_port
from bench.environment import HOME
from mostrador.embedded_postgres import start as start_postgres
from mostrador.management.demo.household import Child
from mostrador.models import Message, Ticket

PACKAGES = ("django-helpdesk==2.6.1", "django>=5.2,<5.3", "psycopg[binary]>=3.2", "gunicorn>=23")
SITE = Path(__file__).parent / "peer_site"
WEB = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "75")

_TICKET, _MESSAGE = Ticket._meta.db_table, Message._meta.db_table
# What goes into each of its tables, and what of ours it is.
COPIES = {
    "helpdesk_ticket (id, title, queue_id, created, modified, submitter_email, status, on_hold, description,"
    " priority, secret_key)": f"""
        SELECT ticket.id, left(ticket.subject, 200), ticket.mailbox_id, first.at, ticket.last_message_at,
            ticket.buyer_address, CASE ticket.state WHEN 'closed' THEN 4 ELSE 1 END, false, first.text, 3,
            gen_random_uuid()
        FROM {_TICKET} AS ticket CROSS JOIN LATERAL (
            SELECT at, text FROM {_MESSAGE} WHERE ticket_id = ticket.id ORDER BY at LIMIT 1
        ) AS first ORDER BY first.at""",  # noqa: S608  # names of our own models
    "helpdesk_followup (id, ticket_id, date, title, comment, public, user_id, message_id)": f"""
        SELECT id, ticket_id, at, CASE direction WHEN 'out' THEN 'Comment' ELSE
            'E-Mail Received from ' || from_address END, text, true,
            CASE direction WHEN 'out' THEN 1 END, message_id
        FROM {_MESSAGE} ORDER BY at""",  # noqa: S608
}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where it is: its folder, its database, its address, and the password of its agent."""

    folder: Path
    database_url: str
    url: str
    password: str

    @property
    def python(self) -> str:
        """Return the Python of its venv."""
        return str(self.folder / "venv" / "bin" / "python")

    def box(self, number: int) -> Path:
        """Return the folder its queue of that number reads mails from."""
        return self.folder / "mails" / str(number)

    def environment(self) -> Mapping[str, str]:
        """Return the variables its programs run with."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "peer_settings",
            "PEER_DATABASE_URL": self.database_url,
            "PEER_MAILS": str(self.folder / "mails"),
            "PEER_MEDIA": str(self.folder / "media"),
            "PEER_PASSWORD": self.password,
            "PEER_SECRET_KEY": self.password * 3,
            "PYTHONPATH": str(self.folder),
        }

    def run(self, *arguments: str) -> str:
        """Run a program of its venv to its end and return what it printed.

        Raises: RuntimeError with its last words when it failed.
        """
        done = subprocess.run(  # noqa: S603  # our own programs
            [self.python, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments} of the peer failed:\n{done.stderr[-3000:]}")
        return done.stdout


def install(queues: int) -> Stand:
    """Make the venv, the folders and the empty tables."""
    url = start_postgres(HOME, database="peer")
    folder = HOME / "peer"
    stand = Stand(folder, url, f"http://127.0.0.1:{free_port()}", secrets.token_urlsafe(20))
    for number in range(1, queues + 1):
        stand.box(number).mkdir(parents=True)
    for program in SITE.glob("*.py"):
        copyfile(program, folder / program.name)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)  # noqa: S603
    stand.run("-m", "pip", "install", "--quiet", *PACKAGES)
    stand.run("-m", "peer_jobs", "begin")
    return stand


def copy_tickets(stand: Stand) -> None:
    """Copy all of our tickets and messages, and let PostgreSQL look at them."""
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as ours,
        psycopg.connect(stand.database_url, autocommit=True) as theirs,
    ):
        for table, what in COPIES.items():
            name = table.partition(" ")[0]
            with (
                ours.cursor().copy(f"COPY ({what}) TO STDOUT") as source,
                theirs.cursor().copy(f"COPY {table} FROM STDIN") as target,
            ):
                for block in source:
                    target.write(block)
            theirs.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"  # noqa: S608
            )
        theirs.execute("VACUUM ANALYZE")


def start_peer(desk: Desk, stand: Stand) -> None:
    """Start its web server beside ours and wait until it answers."""
    log = stand.folder / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            [
                stand.python,
                "-m",
                "gunicorn",
                "--bind",
                stand.url.removeprefix("http://"),
                *WEB,
                "django.core.wsgi:get_wsgi_application()",
            ],
            cwd=stand.folder,
            env=stand.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    desk.household.children.append(Child("django-helpdesk", process, log))
    desk.household.wait_until(
        partial(_answers, f"{stand.url}/login/"), what="The start of the peer", seconds=SECONDS_TO_START
    )


def sign_in(stand: Stand) -> httpx.Client:
    """Return a connection to it that is signed in as its agent."""
    client = httpx.Client(base_url=stand.url, trust_env=False)
    page = client.get("/login/").raise_for_status().text
    token = page.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]
    form = {"csrfmiddlewaretoken": token, "username": "agent", "password": stand.password}
    if client.post("/login/", data=form, headers={"Referer": stand.url}).status_code != httpx.codes.FOUND:
        raise RuntimeError("the peer's agent could not sign in")
    return client


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
