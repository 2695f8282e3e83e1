"""Makes a picture of a page small: the 256 colors that it has most of stand for all, which nobody sees on text and lines."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, PALETTE = 2, 3
COLORS = 256
LARGEST = 200_000  # bytes


def shrink(path: Path) -> None:
    """Rewrites an RGB picture as Chromium makes it (https://www.w3.org/TR/png/), if it is too large."""
    if path.stat().st_size <= LARGEST:
        return
    chunks = list(_chunks(path.read_bytes()))
    width, height, depth, kind = struct.unpack(">IIBB", dict(chunks)[b"IHDR"][:10])
    assert (depth, kind) == (8, RGB), "an RGB picture of 8 bits"
    data = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    pixels = [row[i : i + 3] for row in _rows(data, width * 3, height) for i in range(0, width * 3, 3)]
    palette = [color for color, _ in Counter(pixels).most_common(COLORS)]

    @cache
    def nearest(color: bytes) -> int:
        return min(
            range(len(palette)),
            key=lambda n: sum((a - b) ** 2 for a, b in zip(palette[n], color, strict=True)),
        )

    indexes = bytes(map(nearest, pixels))
    lines = b"".join(b"\0" + indexes[start : start + width] for start in range(0, len(indexes), width))
    written = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    path.write_bytes(SIGNATURE + b"".join(_chunk(*each) for each in written))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _rows(data: bytes, width: int, height: int) -> Iterator[bytes]:
    """The rows without the filters that each was written with: its bytes as differences to those left of and above it."""
    above = bytearray(width)
    for y in range(height):
        start = y * (width + 1)
        row = bytearray(data[start + 1 : start + 1 + width])
        for i, byte in enumerate(row):
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            guess = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[data[start]]
            row[i] = (byte + guess) & 255
        yield bytes(row)
        above = row


def _paeth(left: int, above: int, corner: int) -> int:
    return min((left, above, corner), key=lambda each: abs(left + above - corner - each))
