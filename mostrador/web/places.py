"""Places: the list and the search an agent came from, kept from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest

from mostrador.models.lists import Lists
from mostrador.web.queue import LONGEST_SEARCH, read_list


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the queue an agent is."""

    current: Lists
    search: str = ""

    @property
    def query(self) -> str:
        """The place as the end of an address: "?list=waiting"."""
        found = {"list": self.current.value} | ({"q": self.search} if self.search else {})
        return "?" + urlencode(found)


def place_of(request: HttpRequest) -> Place:
    """Return the place a page names in its own address; a fragment's is that of the page around it."""
    asked = {name: request.GET.get(name, "") for name in ("list", "q")}
    if not any(asked.values()):
        around = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")[:2000]).query)
        asked = {name: around.get(name, [""])[0] for name in asked}
    return Place(read_list(asked["list"]), asked["q"].strip()[:LONGEST_SEARCH])
