"""Companions: threads beside the jobs, whose death is never silent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Companion:
    """A thread beside the jobs, with a word for its death: without the sweeper, work could wait for ever."""

    def __init__(
        self, run: Callable[[threading.Event], None], *, name: str, on_death: Callable[[], None]
    ) -> None:
        self.error: BaseException | None = None
        self._run_until = run
        self._on_death = on_death
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, *, stop: threading.Event | None = None) -> None:
        """Begin; `stop` is an event that ends it as well."""
        self._stop = stop or self._stop
        self._thread.start()

    def stop(self, *, patience: float) -> None:
        """End it, and wait for it as long as `patience` says, in seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        try:
            self._run_until(self._stop)
        except BaseException as error:
            self.error = error
            logger.critical("The %s died: %r", self._thread.name, error)
            self._on_death()
            raise
