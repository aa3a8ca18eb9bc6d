"""Tags: the words a team sorts its tickets by, written one way only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MOST_TAGS = 20
LONGEST_TAG = 40
# Whitespace, and what would end a tag where people type one: `tag:late-parcel`.
_BREAKS = re.compile(r"[\s,;:\"'@#]+")


def normal_tag(text: str) -> str:
    """Return a tag as it is stored: "Late  Parcel" and "#late-parcel" are "late-parcel"; nothing if empty."""
    plain = unicodedata.normalize("NFKC", text[: LONGEST_TAG * 4]).casefold()
    plain = "".join(
        character for character in plain if unicodedata.category(character)[0] != "C" or character.isspace()
    )
    return _BREAKS.sub("-", plain).strip("-")[:LONGEST_TAG].strip("-")


def with_tag(tags: Sequence[str], tag: str) -> list[str]:
    """Return the tags with one more, in the order of the alphabet."""
    return sorted({*tags, tag})


def without_tag(tags: Sequence[str], tag: str) -> list[str]:
    """Return the tags without one."""
    return [each for each in tags if each != tag]
