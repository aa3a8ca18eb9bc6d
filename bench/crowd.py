"""Crowd: several clients at once, each with one connection, that ask for pages and time every answer."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from bench.stock import SEED

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of page: the next address comes from `address`."""

    name: str
    address: Callable[[Random], str]
    headers: Mapping[str, str]
    aim: str = ""


def ask(
    url: str, cookie: str, page: Page, *, requests: int, pause: float, clients: int = CLIENTS
) -> list[float]:
    """Return how long each answer took, in seconds; `pause` is what a client waits between two questions.

    Raises: RuntimeError for an answer that is no page.
    """
    with ThreadPoolExecutor(clients) as pool:
        jobs = [
            pool.submit(_one_client, url, cookie, page, requests // clients, pause, Random(SEED + number))  # noqa: S311
            for number in range(clients)
        ]
        return [seconds for job in jobs for seconds in job.result()]


def _one_client(
    url: str, cookie: str, page: Page, requests: int, pause: float, chance: Random
) -> list[float]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
    times = []
    for _ in range(requests):
        time.sleep(pause * 2 * chance.random())
        path = page.address(chance)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie, **page.headers})
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()
    return times
