"""Pascal VOC (host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc): an XML file for each picture, in whole pixels."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from leye_platform.exports.archive import PictureArchive
from leye_platform.exports.losses import Loss, Losses
from leye_platform.exports.rows import ExportRow, ExportRows
from leye_platform.exports.shapes import Shape, picture_of, shapes_of, size_of_picture

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


def write_voc(rows: ExportRows, losses: Losses) -> Iterator[bytes]:
    """A zip with `Annotations/` in it."""
    archive = PictureArchive(rows, losses)
    for row in rows:
        stem = archive.stem(row)
        name, picture = archive.picture(row, stem)
        yield picture
        yield archive.zip.add(f"Annotations/{stem}.xml", _document(row, name, losses).encode())
    yield from archive.finish(format="VOC")


def _document(row: ExportRow, name: str, losses: Losses) -> str:
    size = size_of_picture(picture_of(row))
    shapes = list(shapes_of(row, size, losses))
    size = size or (shapes[0].size if shapes else None)
    sides = _element("size", [("width", size.width), ("height", size.height), ("depth", 3)]) if size else ""
    told = [
        ("item_id", row.item_id),
        ("external_id", row.external_id or ""),
        ("confidence", f"{row.confidence:.6f}"),
        ("guide_version", row.guide_version),
        ("lot", row.lot),
    ]
    head = _fields([("folder", "images"), ("filename", name)]) + _element("source", [("database", "Leye"), *told])
    objects = "".join(_object(shape, row, losses) for shape in shapes)
    body = f"{head}{sides}{_fields([('segmented', 0)])}{objects}"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotation>\n{body}</annotation>\n'


def _object(shape: Shape, row: ExportRow, losses: Losses) -> str:
    if shape.rotation:
        losses.note(Loss.ROTATION, row.number)
    around = shape.around
    seen = around.within(shape.size)
    if any(abs(a - b) > 1e-6 for a, b in zip(seen, around, strict=True)):  # pixels: more than rounding
        losses.note(Loss.BEYOND_PICTURE, row.number)
    edges = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
    whole = [round(edge) for edge in edges]
    if any(abs(a - b) > 1e-6 for a, b in zip(edges, whole, strict=True)):
        losses.note(Loss.WHOLE_PIXELS, row.number)
    frame = _element("bndbox", list(zip(("xmin", "ymin", "xmax", "ymax"), whole, strict=True)))
    about = [("name", shape.label), ("pose", "Unspecified"), ("truncated", 0), ("difficult", 0)]
    return f"<object>\n{_fields(about)}{frame}</object>\n"


def _element(tag: str, fields: list[tuple[str, object]]) -> str:
    return f"<{tag}>\n{_fields(fields)}</{tag}>\n"


def _fields(fields: list[tuple[str, object]]) -> str:
    return "".join(f"<{tag}>{_text(value)}</{tag}>\n" for tag, value in fields)


def _text(value: object) -> str:
    return escape(_NOT_XML.sub("\ufffd", str(value)))
