"""Draws the program's icon from its SVG into one .ico with all sizes that Windows asks for."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)


def png(svg: bytes, size: int) -> bytes:
    """The picture at ``size`` by ``size`` pixels as a PNG with alpha."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # PySide6's stub knows str, the call takes bytes or str
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """An .ico file of PNG pictures by size (Windows Vista and newer read them)."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    offset = len(head) + 16 * len(pictures)
    table, body = b"", b""
    for size, data in pictures.items():
        edge = size % 256  # 256 is written as 0
        table += struct.pack("<BBBBHHII", edge, edge, 0, 0, 1, 32, len(data), offset + len(body))
        body += data
    return head + table + body


def main(svg: str, target: str) -> int:
    """Draw ``svg`` into ``target``."""
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication(["icon"])
    drawing = Path(svg).read_bytes()
    Path(target).write_bytes(ico({size: png(drawing, size) for size in SIZES}))
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
