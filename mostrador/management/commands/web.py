"""`mostrador web`: serve the desk to browsers and programs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from mostrador.management.desk_command import DeskCommand
from mostrador.management.ports import is_free

APPLICATION = "mostrador.web.wsgi:application"
SECONDS_TO_FINISH = 10


class Command(DeskCommand):
    """Serves over HTTP/1 and HTTP/2; put TLS in front of it for anything but this machine."""

    help = "Serve the desk to browsers and programs."
    says = "Every thread of every process keeps one database connection. SIGTERM and Ctrl-C end it in peace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
        parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
        parser.add_argument("--threads", type=int, default=4, help="threads per process (default 4)")
        parser.add_argument("--no-collect", action="store_true", help="static files are collected already")

    def handle(self, *_: Any, host: str, port: int, no_collect: bool, **chosen: Any) -> None:
        """Serve until told to stop."""
        if not is_free(host, port):
            raise CommandError(
                f"Port {port} of {host} is taken. Choose another: mostrador web --port {port + 1}"
            )
        if not no_collect:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write(f"Serving the desk on http://{host}:{port}")
        self.stdout.flush()
        # The processes are forked; a connection must not be shared between them.
        connections.close_all()
        Server(
            APPLICATION,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=chosen["workers"],
            blocking_threads=chosen["threads"],
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            websockets=False,
            workers_kill_timeout=SECONDS_TO_FINISH,
        ).serve()
