"""Uploads: which files Amazon carries to a buyer, by their name, their bytes and their size."""

from __future__ import annotations

from collections.abc import Sequence

from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.mail.attachments import EXTENSIONS, extension_of
from mostrador.mail.limits import ATTACHMENT_BYTES

# All files of one message together (seller help 200389080).
MOST_BYTES = ATTACHMENT_BYTES
MOST_FILES = 10


def refusals(*, name: str, kind: str, size: int, beside: Sequence[int]) -> list[Refusal]:
    """Return why a file may not go along; `kind` is what its bytes are, `beside` the sizes of the others."""
    found = []
    facts: dict[str, str | int] = {"name": name}
    if size == 0:
        return [Refusal(RefusalCode.FILE_EMPTY, facts)]
    if len(beside) >= MOST_FILES:
        found.append(Refusal(RefusalCode.TOO_MANY_FILES, {**facts, "most": MOST_FILES}))
    if size + sum(beside) > MOST_BYTES:
        found.append(Refusal(RefusalCode.FILES_TOO_LARGE, {**facts, "most": MOST_BYTES}))
    if kind not in EXTENSIONS:
        found.append(Refusal(RefusalCode.FILE_KIND, {**facts, "kind": kind}))
    elif extension_of(name) not in EXTENSIONS[kind]:
        found.append(Refusal(RefusalCode.FILE_NAME, {**facts, "kind": kind}))
    return found


def refusals_together(sizes: Sequence[int]) -> list[Refusal]:
    """Return why files that came to lie beside one another may not leave with one message."""
    found = []
    facts: dict[str, str | int] = {"name": "…"}
    if len(sizes) > MOST_FILES:
        found.append(Refusal(RefusalCode.TOO_MANY_FILES, {**facts, "most": MOST_FILES}))
    if sum(sizes) > MOST_BYTES:
        found.append(Refusal(RefusalCode.FILES_TOO_LARGE, {**facts, "most": MOST_BYTES}))
    return found
