"""Drafts: forget what was begun and left lying long ago, and the files beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from mostrador.models import Draft, Upload

DRAFTS_ARE_KEPT_FOR = timedelta(days=90)  # in closed tickets; in others for good
FILES_ARE_KEPT_FOR = timedelta(days=30)  # beside no draft and no reply
FORGOTTEN_AT_ONCE = 200


def forget_abandoned(now: datetime) -> None:
    """Delete drafts nobody goes on with, then the files no draft and no reply carries any more."""
    Draft.objects.forget_abandoned(before=now - DRAFTS_ARE_KEPT_FOR, limit=FORGOTTEN_AT_ONCE)
    Upload.objects.forget_abandoned(before=now - FILES_ARE_KEPT_FOR, limit=FORGOTTEN_AT_ONCE)
