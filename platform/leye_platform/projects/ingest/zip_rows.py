"""Rows of a folder of pictures: each picture a row, or each row of its `manifest.csv`. Pure over an open archive."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.archive import LARGEST_MANIFEST
from leye_platform.projects.ingest.csv_rows import Record, check_header, find_delimiter, read_csv, read_records
from leye_platform.projects.ingest.lines import find_encoding, read_lines
from leye_platform.projects.ingest.picture_folder import Member, PictureFolder
from leye_platform.projects.ingest.rows import EXTERNAL_ID, Row, storable
from leye_platform.projects.pictures.refusals import NOT_IN_ARCHIVE, OTHER_CASE, PictureRefused


@dataclass(frozen=True, slots=True)
class PackedPicture:
    """Stands in a row's content where the row names a picture of the archive."""

    name: str
    archive: PictureFolder
    member: Member

    def content(self) -> bytes:
        """Raises PictureRefused."""
        return self.archive.content(self.member)


def read_zip(archive: PictureFolder, variable: str, wanted: Collection[str], name: str) -> Iterator[Row]:
    """The rows in their order. `variable`: the column that holds the picture; `wanted`: all columns that must be.

    Raises the kinds of FileRefused, before the first row.
    """
    manifest = archive.members.manifest()
    if manifest is None:
        return _rows_of_members(archive, variable)
    return _Manifest(archive, manifest, wanted, name).rows(variable)


def _rows_of_members(archive: PictureFolder, variable: str) -> Iterator[Row]:
    for number, member in enumerate(archive.members, start=1):
        content = {EXTERNAL_ID: member.name, variable: PackedPicture(member.name, archive, member)}
        yield Row(number, member.end, storable(member.name), content, member.problem)


class _Manifest:
    """The list of rows that came with the pictures; names in it count from its own folder."""

    def __init__(self, archive: PictureFolder, member: Member, wanted: Collection[str], name: str) -> None:
        self._archive, self._member = archive, member
        self._folder = PurePosixPath(member.name).parent
        shown = f"{name}/{member.name}"
        try:
            self._text = archive.content(member, LARGEST_MANIFEST)
        except PictureRefused:
            raise refusals.ManifestBroken(name=shown) from None
        self._encoding = find_encoding(lambda: [self._text], shown)
        first = next(read_lines([self._text]), None)
        if first is None:
            raise refusals.FileEmpty(name=shown)
        self._delimiter = find_delimiter(first.text(self._encoding), wanted)
        self._header = check_header(next(self._records(), None), wanted, shown)

    def rows(self, variable: str) -> Iterator[Row]:
        """The manifest's rows, then a refusal for each picture that it does not name."""
        number, named = 0, {self._member.name}
        for row in read_csv(islice(self._records(), 1, None), self._header):
            number = row.number
            yield self._with_picture(row, variable, named)
        for member in self._archive.members:
            if member.name not in named:
                number += 1
                problem = member.problem or refusals.NOT_IN_MANIFEST.format(name=member.name)
                yield Row(number, member.end, storable(member.name), None, problem)

    def _records(self) -> Iterator[Record]:
        return read_records(read_lines([self._text]), self._encoding, self._delimiter)

    def _with_picture(self, row: Row, variable: str, named: set[str]) -> Row:
        if row.problem is not None:
            return row
        content: dict[str, Any] = row.content
        given = str(content[variable]).strip().replace("\\", "/").removeprefix("./")
        path = given if str(self._folder) == "." else f"{self._folder}/{given}"
        member = self._archive.members.find(path)
        if member is None:
            other = self._archive.members.other_case(path)
            sentence = (
                NOT_IN_ARCHIVE.format(name=given)
                if other is None
                else OTHER_CASE.format(name=given, found=PurePosixPath(other.name).name)
            )
            return Row(row.number, row.end, row.original, None, storable(sentence))
        named.add(member.name)
        packed = PackedPicture(given, self._archive, member)
        return Row(row.number, member.end, row.original, content | {variable: packed}, member.problem)
