"""Everything about a simulator that can be chosen at its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Compression(StrEnum):
    """Whether processing reports are compressed."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


# What Amazon does here is not confirmed, so it can be chosen. The first value is the default.
ASSUMPTIONS: dict[str, tuple[str, ...]] = {
    "document-reuse": ("allow", "refuse"),
    "already-cancelled": ("error", "success"),
    "schema-error": ("message", "document"),
    "empty-adjustment": ("accept", "error"),
    "quantity": ("multiply", "ignore"),
    "concessions": ("ignore", "refuse", "pay"),
    "partial-cancellation": ("error", "cancel"),
    "line-cap": ("shipped", "ordered"),
    "merchant-identifier": ("ignore", "check"),
    "finances-order-item-id": ("no", "yes"),
    "finances-empty-pages": ("no", "yes"),
    "rate-header": ("yes", "no"),
    "finances-refund-status": ("RELEASED", "DEFERRED", "Released"),
}


def default_assumptions() -> dict[str, str]:
    """Return the default answer to every unconfirmed question."""
    return {name: values[0] for name, values in ASSUMPTIONS.items()}


@dataclass(frozen=True)
class Settings:
    """The choices of one run. Seconds are seconds of the virtual clock."""

    state: Path | None = None
    shop: str = "nordlicht"
    archive: Path | None = None  # a file of further orders for a fresh state
    port: int = 0
    smtp_port: int = 0
    maildir: Path | None = None
    processing: tuple[float, float] = (3.0, 8.0)
    speed: float = 1.0
    finances_delay: float = 0.0
    control: bool = False
    # Where notifications go: any server that speaks SQS, and a queue on it.
    sqs_endpoint: str = ""
    sqs_queue_url: str = ""
    sqs_region: str = "us-east-1"
    report_gzip: Compression = Compression.AUTO
    assumptions: dict[str, str] = field(default_factory=default_assumptions)
