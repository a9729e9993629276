"""Tell a file's format by its content and name, check it whole, read its rows. Pure over `Source`."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import PurePath

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.archive import Archive
from leye_platform.projects.ingest.csv_rows import Record, check_header, find_delimiter, read_csv, read_records
from leye_platform.projects.ingest.excel_rows import check_workbook, read_workbook
from leye_platform.projects.ingest.json_rows import read_json_array, read_json_lines
from leye_platform.projects.ingest.lines import HEAD, UTF8_MARK, Encoding, find_encoding, read_lines
from leye_platform.projects.ingest.parquet_rows import check_parquet, read_parquet
from leye_platform.projects.ingest.rows import Row
from leye_platform.projects.ingest.source import Source
from leye_platform.projects.ingest.zip_rows import read_zip

WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
BINARY_MARKS = {
    b"\xd0\xcf\x11\xe0": "旧版的或者加了密码的 Excel 工作簿",
    b"%PDF": "PDF",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
}


class FileKind(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"
    JSON_ARRAY = "json"
    EXCEL = "xlsx"
    PARQUET = "parquet"
    ZIP = "zip"


TABLE_MARKS = {**dict.fromkeys(ZIP_MARKS, FileKind.EXCEL), b"PAR1": FileKind.PARQUET}


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How a file is to be read. `delimiter` is for CSV, `header` for it and for workbooks.

    `picture` is for a zip: the variable that its files are for; `header` then names what its manifest must have.
    """

    kind: FileKind
    encoding: Encoding = Encoding.UTF_8
    delimiter: str = ","
    header: tuple[str, ...] = ()
    picture: str = ""


def plan_file(source: Source, wanted: Collection[str], picture: str = "") -> FilePlan:
    """Look a file through before any row is taken. `wanted`: the names that every row must carry; `picture`: the
    one of them that is a picture, where the project's items are pictures.

    Raises the kinds of FileRefused.
    """
    folder = source.folder is not None
    kind = FileKind.ZIP if folder else recognise(_head(source), source.name, pictures=bool(picture))
    if source.packed and kind in {FileKind.EXCEL, FileKind.PARQUET}:
        raise refusals.PackedAgain(name=source.name)
    if kind is FileKind.ZIP:
        plan = FilePlan(kind, header=tuple(wanted), picture=picture)
        if next(read_rows(source, plan), None) is None:
            raise refusals.FileWithoutRows(name=source.name)
        return plan
    if kind is FileKind.JSON_ARRAY:
        # An array that breaks half-way is refused whole, so it is read to its end first.
        if sum(1 for _ in read_json_array(source.open_blocks(), source.name)) == 0:
            raise refusals.FileWithoutRows(name=source.name)
        return FilePlan(kind)
    if kind is FileKind.EXCEL:
        plan = FilePlan(kind, header=check_workbook(source, wanted))
    elif kind is FileKind.PARQUET:
        plan = FilePlan(kind, header=check_parquet(source, wanted))
    else:
        plan = _plan_text(source, kind, wanted)
    if next(read_rows(source, plan), None) is None:
        raise refusals.FileWithoutRows(name=source.name)
    return plan


def _plan_text(source: Source, kind: FileKind, wanted: Collection[str]) -> FilePlan:
    encoding = find_encoding(source.open_blocks, source.name)
    if kind is FileKind.CSV:
        first = next(read_lines(source.open_blocks())).text(encoding)
        delimiter = find_delimiter(first, wanted)
        header = check_header(next(_records(source, encoding, delimiter), None), wanted, source.name)
        return FilePlan(kind, encoding, delimiter, header)
    return FilePlan(kind, encoding)


def read_rows(source: Source, plan: FilePlan) -> Iterator[Row]:
    """The rows of a file that `plan_file` has looked through, in order, bad ones with their problem."""
    if plan.kind is FileKind.ZIP:
        folder = Archive(source.open_file(), source.name) if source.folder is None else source.folder()
        return read_zip(folder, plan.picture, plan.header, source.name)
    if plan.kind is FileKind.JSON_ARRAY:
        return read_json_array(source.open_blocks(), source.name)
    if plan.kind is FileKind.JSON_LINES:
        return read_json_lines(read_lines(source.open_blocks()), plan.encoding)
    if plan.kind is FileKind.EXCEL:
        return read_workbook(source, plan.header)
    if plan.kind is FileKind.PARQUET:
        return read_parquet(source)
    return read_csv(islice(_records(source, plan.encoding, plan.delimiter), 1, None), plan.header)


def recognise(head: bytes, name: str, *, pictures: bool = False) -> FileKind:
    """The format, by the first bytes of the file and, where those leave it open, by the name's ending.

    `pictures`: whether the project's items are pictures. Raises FileEmpty, FileInUtf16, FileNotText, ArrayWanted,
    ArchiveWanted.
    """
    if pictures:
        if head.startswith(ZIP_MARKS):
            return FileKind.ZIP
        raise refusals.ArchiveWanted(name=name) if head.strip() else refusals.FileEmpty(name=name)
    if packed := next((kind for mark, kind in TABLE_MARKS.items() if head.startswith(mark)), None):
        return packed
    for mark, kind in BINARY_MARKS.items():
        if head.startswith(mark):
            raise refusals.FileNotText(name=name, kind=kind)
    if head.startswith(WIDE_MARKS) or _every_other_is_nul(head):
        raise refusals.FileInUtf16(name=name)
    text = head.removeprefix(UTF8_MARK).lstrip()
    if not text:
        raise refusals.FileEmpty(name=name)
    return _kind_of_text(text, name)


def _kind_of_text(text: bytes, name: str) -> FileKind:
    first = _first_line_value(text)
    ending = PurePath(name.lower().removesuffix(".gz")).suffix
    if isinstance(first, dict):
        return FileKind.JSON_LINES
    if text.startswith(b"[") and ending != ".csv":
        one_line_each = ending in {".jsonl", ".ndjson"} and first is not None and b"\n" in text.strip()
        return FileKind.JSON_LINES if one_line_each else FileKind.JSON_ARRAY
    if ending in {".jsonl", ".ndjson"}:
        return FileKind.JSON_LINES
    if ending == ".json":
        raise refusals.ArrayWanted(name=name)
    return FileKind.CSV


def _head(source: Source) -> bytes:
    head = b""
    for block in source.open_blocks():
        head += block
        if len(head) >= HEAD:
            break
    return head


def _every_other_is_nul(head: bytes) -> bool:
    """UTF-16 without a mark: of the first characters, nearly all in one half are NUL (Latin text, digits, commas)."""
    sample = head[:512]
    half = len(sample) // 2
    return half >= 4 and max(sample[::2].count(0), sample[1::2].count(0)) * 4 > half * 3


def _first_line_value(text: bytes) -> object:
    try:
        return json.loads(text.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return None


def _records(source: Source, encoding: Encoding, delimiter: str) -> Iterator[Record]:
    return read_records(read_lines(source.open_blocks()), encoding, delimiter)
