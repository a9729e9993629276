"""Archives written as a stream: read back by Python's own reader, also past the limits of the old format."""

import io
import tracemalloc
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from leye_platform.exports import zipping
from leye_platform.exports.zipping import ZipStream


def archive(files: dict[str, bytes], *, packed: bool = True) -> bytes:
    stream = ZipStream()
    body = b"".join(stream.add(name, content, packed=packed) for name, content in files.items())
    return body + b"".join(stream.finish())


@given(st.dictionaries(st.text("ab/中.é", min_size=1, max_size=20), st.binary(max_size=200), max_size=8), st.booleans())
def test_what_goes_in_comes_out(files: dict[str, bytes], packed: bool) -> None:
    content = archive(files, packed=packed)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == list(files)
        assert {name: opened.read(name) for name in files} == files
    assert content == archive(files, packed=packed)


def test_more_files_than_the_old_format_can_count_are_all_there() -> None:
    content = archive({f"{number}.txt": b"" for number in range(70_000)})
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert len(opened.namelist()) == 70_000
        assert opened.namelist()[-1] == "69999.txt"


def test_a_file_behind_four_gigabytes_is_found(tmp_path: Path) -> None:
    """The offset is set as if so much stood before it; the reader is given the file with a hole there."""
    stream = ZipStream()
    first = stream.add("first.txt", b"first")
    hole = (5 << 30) - len(first)
    stream._at += hole
    rest = stream.add("late.txt", b"late") + b"".join(stream.finish())
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.write(first)
        file.seek(5 << 30)
        file.write(rest)
    with zipfile.ZipFile(path) as opened:
        assert opened.read("late.txt") == b"late"
        assert opened.read("first.txt") == b"first"


def test_the_directory_does_not_stay_in_memory() -> None:
    stream = ZipStream()
    tracemalloc.start()
    for number in range(60_000):
        stream.add(f"labels/folder/{number:09}.txt", b"0 0.5 0.5 1 1\n")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stream._listed > zipping.KEPT_IN_MEMORY
    assert kept < 1 << 20
    assert b"".join(stream.finish()).startswith(b"PK\x01\x02")
