"""Request keys: the names under which a form's wish is kept, so that a double click is one wish."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping

# No page can take a name under which something else is kept: refunds made elsewhere have their own.
PREFIX = "web:"
LONGEST_KEY = 64  # characters that a form may choose


def new_key() -> str:
    """Return a key for a form that opens."""
    return str(uuid.uuid4())


def read_key(posted: Mapping[str, str]) -> str:
    """Return the key a form came with; an overlong one becomes a short one that is its own for good."""
    key = posted.get("request_key", "").strip()
    if not key:
        return new_key()
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def kept_as(key: str) -> str:
    """Return the name under which the wish of a form is kept."""
    return PREFIX + key
