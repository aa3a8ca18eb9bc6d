"""What may be attached to a buyer message, decided by the bytes and not by their label."""

import codecs
from typing import Final

import puremagic

from mostrador.mail import limits

TEXT: Final = "text/plain"
PDF: Final = "application/pdf"
WORD: Final = "application/msword"
WORD_XML: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
UNKNOWN: Final = "application/octet-stream"

# Amazon's list for buyer messages: txt, pdf, Word, jpg, gif, png (seller help 200389080).
EXTENSIONS: Final = {
    TEXT: ("txt",),
    PDF: ("pdf",),
    WORD: ("doc",),
    WORD_XML: ("docx",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/png": ("png",),
}
_MAGIC: Final = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
_SNIFFED_BYTES: Final = 64 * 1024
_TEXT_CONTROLS: Final = frozenset(range(32)) - {9, 10, 12, 13, 27}


def sniff(content: bytes, claimed: str) -> str:
    """Tell the type of a file from its bytes; the claim only settles what kind of text it is."""
    for start, kind in _MAGIC:
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return WORD_XML if _is_word_xml(content) else "application/zip"
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return WORD if "WordDocument".encode("utf-16-le") in content else "application/x-ole-storage"
    if _is_text(content[:_SNIFFED_BYTES]):
        return claimed if claimed.startswith("text/") else TEXT
    return _by_puremagic(content[:_SNIFFED_BYTES])


def _is_word_xml(content: bytes) -> bool:
    return b"[Content_Types].xml" in content and b"word/document" in content and b"vbaProject" not in content


def _is_text(start: bytes) -> bool:
    if not _TEXT_CONTROLS.isdisjoint(start):
        return False
    try:
        # Not final: the cut may have fallen inside a letter.
        codecs.getincrementaldecoder("utf-8")().decode(start, False)
    except UnicodeDecodeError:
        return (
            not start.startswith((b"\xff\xfe", b"\xfe\xff"))
            and sum(byte > 127 for byte in start) < len(start) // 3
        )
    return True


def _by_puremagic(start: bytes) -> str:
    try:
        found = puremagic.magic_string(start)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    kinds = [match.mime_type for match in found if match.mime_type and match.mime_type not in EXTENSIONS]
    return kinds[0] if kinds else UNKNOWN


def refusal(name: str, content: bytes, kind: str) -> str | None:
    """Say in words why a file may not be kept or sent; None when it may."""
    if not content:
        return "The file is empty."
    if len(content) > limits.ATTACHMENT_BYTES:
        return "The file is larger than 10 MB."
    if kind not in EXTENSIONS:
        return f"Files of this type ({kind}) are not accepted: only txt, pdf, Word, jpg, gif and png."
    extension = extension_of(name)
    if extension and extension not in EXTENSIONS[kind]:
        return f"The name ends in .{extension}, but the file is {kind}."
    return None


def extension_of(name: str) -> str:
    """Give the extension of a file name in lower case, or the empty text."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""
