"""Own words: what the once-only rules note in English, in the agent's language."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Source: the notes of domain/feeds.py, tasks/feeds.py, tasks/reconciling.py and amazon/; groups are kept.
_NOTES: tuple[tuple[re.Pattern[str], str | Promise], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"not in Amazon's list, looked (?P<n>\d+) times",
            _("not in Amazon's list, looked %(n)s times"),
        ),
        (
            r"Amazon lists (?P<n>\d+) feeds that could be this one: (?P<ids>.*)",
            _("Amazon lists %(n)s feeds that could be this one: %(ids)s"),
        ),
        (
            r"Amazon sent word of feeds it does not show, one of which may be this one: (?P<ids>.*)",
            _("Amazon sent word of feeds it does not show, one of which may be this one: %(ids)s"),
        ),
        (
            r"Amazon cancelled the feed that was taken for this one; ours may be another",
            _("Amazon cancelled the feed that was taken for this one; ours may be another"),
        ),
        (
            r"Amazon cancelled the feed before it was worked on",
            _("Amazon cancelled the feed before it was worked on"),
        ),
        (
            r"Amazon stopped while working on it: some, none or all of it may have been done",
            _("Amazon stopped while working on it: some, none or all of it may have been done"),
        ),
        (
            r"Amazon has shown (?P<status>\S+) for more than 8 hours; ask Seller Support",
            _("Amazon has shown %(status)s for more than 8 hours; ask Seller Support"),
        ),
        (
            r"Amazon shows a status this program does not know: (?P<status>.*)",
            _("Amazon shows a status this program does not know: %(status)s"),
        ),
        (
            r"Amazon gave feed (?P<id>\S+) after it had been decided as (?P<state>\w+)",
            _("Amazon gave feed %(id)s after it had been decided as %(state)s"),
        ),
        (
            r"\w+: no answer: (?P<code>\w+)",
            _("the connection to Amazon ended without an answer (%(code)s)"),
        ),
        (
            r"the report's counts do not (fit this feed|add up)",
            _("the counts in Amazon's report do not fit what was sent"),
        ),
        (
            r"the report has no complete summary",
            _("Amazon's report is not complete"),
        ),
        (
            r"a result we do not know(; (?P<words>.*))?",
            _("a result this program does not know: %(words)s"),
        ),
        (
            r"the worker that was sending stopped before it could note the answer",
            _("the worker that was sending stopped before it could note the answer"),
        ),
        (
            r"the database was restored: it may have been sent before(, in a feed that was forgotten)?",
            _("the database was restored: it may have been sent before"),
        ),
    )
)


def own_words(text: str) -> str:
    """Return one of our own notes in the agent's language, anything else as it is."""
    for pattern, words in _NOTES:
        if found := pattern.fullmatch(text):
            return str(words) % found.groupdict(default="")
    return text
