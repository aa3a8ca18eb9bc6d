"""Text from strangers: decoded without surprises and freed of characters that deceive."""

import codecs
import re
import unicodedata
from typing import Final

# These are text codecs by name only: slow, lossy or able to turn plain words into something else.
_REFUSED_CODECS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7", "mbcs", "oem"}
)
_WIDER_CODECS: Final = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "euc_kr": "cp949",
}
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("[\r\n\t\x0b\x0c\x85\u2028\u2029 ]+")
_UNSAFE_IN_NAMES = re.compile(r'[<>:"|?*%;$`\x00-\x1f]')
_RESERVED_NAMES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")


def decode(content: bytes, charset: str | None) -> tuple[str, bool]:
    """Decode bytes as well as can be; the second value is False when letters were guessed or lost."""
    codec = _codec(charset) if charset else "utf-8"
    try:
        return content.decode(codec or "utf-8"), codec is not None
    except ValueError:
        pass
    try:
        return content.decode("utf-8"), False
    except ValueError:
        # Every byte means something in cp1252, so nothing is lost but certainty.
        fallback = "cp1252" if codec in (None, "utf-8") else codec
        return content.decode(str(fallback), "replace"), False


def _codec(charset: str) -> str | None:
    try:
        name = codecs.lookup(charset.strip().strip("\"'")[:40]).name
        b"a".decode(name)
    except (LookupError, ValueError):
        return None
    if name in _REFUSED_CODECS:
        return None
    return _WIDER_CODECS.get(name, name)


def clean_text(text: str) -> str:
    """Normalise line ends and drop control, direction-changing and invisible characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _HIDDEN.sub("", text.replace("\x0c", "\n"))


def clean_line(text: str, limit: int) -> str:
    """Make one clean line of at most `limit` characters."""
    return _HIDDEN.sub("", _BREAKS.sub(" ", text)).strip()[:limit]


def safe_name(name: str, limit: int) -> str:
    """Make a file name without paths, control characters or names that mean something to a system."""
    bare = name[:4096].replace("\\", "/").rpartition("/")[2]
    bare = _UNSAFE_IN_NAMES.sub("_", clean_line(unicodedata.normalize("NFC", bare), 4096)).strip(" .")
    stem, dot, extension = bare.rpartition(".")
    if dot and len(extension) <= 10:
        bare = f"{stem[: limit - len(extension) - 1]}.{extension}"
    bare = bare[:limit]
    if _RESERVED_NAMES.match(bare):
        bare = f"_{bare}"[:limit]
    return bare or "attachment"
