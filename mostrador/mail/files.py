"""The files in a mail, each kept or refused with a reason."""

from dataclasses import dataclass, replace

from mostrador.mail import attachments as rules
from mostrador.mail import headers, limits, mime
from mostrador.mail.characters import safe_name


@dataclass(frozen=True, slots=True)
class IncomingAttachment:
    """A file in a mail. `content_type` is what the bytes are; a refused file has a reason and no content."""

    name: str
    content_type: str
    size: int
    content: bytes
    refused: str | None


def attachments(walk: mime.Walk, *, is_cut: bool) -> tuple[IncomingAttachment, ...]:
    """List the files of a mail; of a mail that was cut, the last file is refused."""
    leaves = [leaf for leaf in walk.leaves if leaf.is_attachment]
    found = [_attachment(leaf, number) for number, leaf in enumerate(leaves, start=1)]
    if found and is_cut and walk.leaves[-1] is leaves[-1]:
        reason = "The mail was too large, so this file is incomplete."
        found[-1] = replace(found[-1], content=b"", refused=reason)
    return tuple(found)


def _attachment(leaf: mime.Leaf, number: int) -> IncomingAttachment:
    claimed_name = headers.text(mime.file_name(leaf.headers), limits.HEADER_VALUE_CHARS)
    name = safe_name(claimed_name or f"attachment-{number}", limits.NAME_CHARS)
    content, size, defect = mime.content(leaf, limits.ATTACHMENT_BYTES)
    if content is None:
        return IncomingAttachment(name, rules.UNKNOWN, size, b"", "The file is larger than 10 MB.")
    is_mail = leaf.content_type.startswith("message/")
    kind = leaf.content_type if is_mail else rules.sniff(content, leaf.content_type)
    refused = rules.refusal(name, content, kind) or defect
    if refused is None and not rules.extension_of(name):
        name = f"{name}.{rules.EXTENSIONS[kind][0]}"
    return IncomingAttachment(name, kind, size, b"" if refused else content, refused)
