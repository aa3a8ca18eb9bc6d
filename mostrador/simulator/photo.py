"""The photo a buyer attaches: a table lamp with a crack in its shade, drawn here so that it is nobody's."""

from __future__ import annotations

import struct
import zlib

WIDTH, HEIGHT = 240, 180
MIDDLE = 120
Colour = tuple[int, int, int]

WALL: Colour = (214, 209, 200)
TABLE: Colour = (120, 84, 56)
BRASS: Colour = (176, 136, 62)
CRACK: Colour = (58, 40, 30)


def photo() -> bytes:
    """Return the picture as PNG."""
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        for x in range(WIDTH):
            rows += bytes(_colour(x, y))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _colour(x: int, y: int) -> Colour:
    aside = abs(x - MIDDLE)
    if 25 <= y <= 95 and aside <= 28 + (y - 25) // 2:
        zigzag = 138 + abs(y % 16 - 8) - y // 8
        return (
            CRACK if y >= 40 and abs(x - zigzag) <= 1 else (246 - aside // 2, 226 - aside // 2, 176 - aside)
        )
    if 95 < y <= 146 and aside <= 3:
        return BRASS
    if (aside / 34) ** 2 + ((y - 150) / 8) ** 2 <= 1:
        return BRASS
    return TABLE if y > 146 else WALL


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
