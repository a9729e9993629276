"""Rows of JSONL files and of JSON arrays, streamed. Pure."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from leye_platform.projects.ingest import refusals
from leye_platform.projects.ingest.lines import LONGEST_ROW, Encoding, Line, undecoded
from leye_platform.projects.ingest.rows import NotANumber, Row

_DECODER = json.JSONDecoder(parse_constant=lambda _name: NotANumber())
_SPACE = " \t\r\n"


def read_json_lines(lines: Iterable[Line], encoding: Encoding) -> Iterator[Row]:
    """One JSON value a line. A row's number is its line's; blank lines are passed over."""
    utf8 = encoding is Encoding.UTF_8
    for number, (raw, end, whole) in enumerate(lines, start=1):
        if utf8 and whole:
            try:
                yield Row(number, end, raw.decode().strip(), orjson.loads(raw))
                continue
            except ValueError:  # to be looked at closely
                pass
        text = raw.decode(encoding, "surrogateescape").strip()
        if text:
            yield Row(number, end, text, *_parse(text, whole=whole))


def _parse(text: str, *, whole: bool) -> tuple[Any, str | None]:
    """What a line says that is no plain UTF-8 JSON, or why it says nothing."""
    if not whole:
        return None, refusals.TOO_LONG.format(limit=LONGEST_ROW)
    if undecoded(text):
        return None, refusals.NOT_DECODED
    if "\x00" in text:
        return None, refusals.NUL
    try:
        return _DECODER.decode(text), None
    except json.JSONDecodeError as error:
        return None, refusals.BROKEN_JSON.format(column=error.colno)
    except (RecursionError, ValueError):  # nested beyond the parser, or an integer of thousands of digits
        return None, refusals.BROKEN_JSON.format(column=1)


def read_json_array(blocks: Iterable[bytes], name: str) -> Iterator[Row]:
    """The elements of one JSON array, numbered from 1, holding one element in memory at a time.

    Raises ArrayBroken, ArrayNotUtf8, ArrayWanted, at the place where the array breaks: run it to its
    end once before taking any row.
    """
    text = _Text(blocks, name)
    if text.take_character() != "[":
        raise refusals.ArrayWanted(name=name)
    number = 0
    mark = ","
    if text.next_character() == "]":
        mark = text.take_character()
    while mark == ",":
        number += 1
        content, original = text.take_value(number)
        yield Row(number, text.end, original, content)
        mark = text.take_character()
    if mark != "]" or text.next_character():
        raise refusals.ArrayBroken(name=name, row=max(number, 1))


class _Text:
    """Decoded text that is read on as far as the next value needs."""

    def __init__(self, blocks: Iterable[bytes], name: str) -> None:
        self._blocks = iter(blocks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
        self._buffer, self._at = "", 0
        self._name = name
        self.end = 0
        self._ended = False

    def next_character(self) -> str:
        """The next character that is not white space, without taking it; empty at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._read_on():
                return ""

    def take_character(self) -> str:
        """Take the next character that is not white space; empty at the end."""
        character = self.next_character()
        self._at += len(character)
        return character

    def take_value(self, number: int) -> tuple[Any, str]:
        """Take one JSON value; also as it stood."""
        self.next_character()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                if len(self._buffer) - self._at > LONGEST_ROW or not self._read_on():
                    raise refusals.ArrayBroken(name=self._name, row=number) from None
                continue
            if end == len(self._buffer) and self._read_on():
                continue  # a number may go on in the next block
            original = self._buffer[self._at : end]
            self._at = end
            return value, original

    def _read_on(self) -> bool:
        if self._ended:
            return False
        block = next(self._blocks, None)
        self._ended = block is None
        try:
            more = self._decoder.decode(block or b"", final=self._ended)
        except UnicodeDecodeError:
            raise refusals.ArrayNotUtf8(name=self._name) from None
        self.end += len(block or b"")
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return not self._ended or bool(more)
