"""A mail as it lies in a box, before anybody has read it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail's bytes. Of one over 30 MB only the beginning is here, and `truncated` is set."""

    key: str
    content: bytes
    size: int
    truncated: bool = False
