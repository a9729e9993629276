"""The documents hold: what they link to, and the files, names, addresses and commands that they tell of, are there.

Links, `make` targets and `leye` commands are looked at in every document. In ARCHITECTURE.md and CONTRIBUTING.md
everything in backticks is: a path (`assignments/claim.py`, from the package's folder or the root), a name in a file
(`claim.py:take`), an address of the site (`/work`), a name of the code.
"""

import ast
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token

from leye_platform.routers import ROUTERS
from leye_workers.cli import app as leye

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "platform/leye_platform",
    "workers/leye_workers",
    "task_templates/leye_task_templates",
    "quality/leye_quality",
    "storage/leye_storage",
)
CLOSE = ("ARCHITECTURE.md", "CONTRIBUTING.md")
"""The documents in which every word in backticks is looked at."""
FILE = re.compile(r"([\w./-]+\.(?:py|mjs|js|html|css|toml|lock|md|json|po|mako))(?::([\w.]+))?")
FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+)*/")
ADDRESS = re.compile(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(/[\w/{}:.-]*)")
NAME = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")
MAKE = re.compile(r"make((?: [A-Z_]+=\S+)*) ([a-z][a-z-]*)\b")
COMMAND = re.compile(r"(?:^|[\s/(])leye( +[^|&;#>]*)")
PLAIN_NAMES = {"errors.py", "schemas.py", "__init__.py", "__main__.py"}
"""Modules that the map leaves out: it says what these names mean once for all."""


@dataclass(frozen=True)
class Document:
    """A document by its path from the root; `code` is what stands in backticks, `lines` what stands in blocks."""

    path: str
    text: str

    @property
    def inline(self) -> list[Token]:
        tokens = MarkdownIt("commonmark").enable("table").parse(self.text)
        return [child for token in tokens for child in token.children or []]

    @property
    def code(self) -> list[str]:
        return [token.content for token in self.inline if token.type == "code_inline"]

    @property
    def lines(self) -> list[str]:
        blocks = [token.content for token in MarkdownIt("commonmark").parse(self.text) if token.type == "fence"]
        return [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]

    @property
    def links(self) -> list[str]:
        targets = [token.attrs.get("href") or token.attrs.get("src") for token in self.inline]
        return [str(target) for target in targets if target]

    @property
    def headings(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        tokens = MarkdownIt("commonmark").parse(self.text)
        titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def tracked(*more: str) -> tuple[str, ...]:
    """The repository's own files; with --others, those that are not committed yet as well."""
    command = ["git", "ls-files", "--cached", *more, "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(name for name in names if (ROOT / name).is_file())


def all_files() -> tuple[str, ...]:
    """What may be told of: what is there, committed or not."""
    return tracked("--others")


@cache
def documents() -> tuple[Document, ...]:
    """Every document in the root and under docs/."""
    names = [n for n in all_files() if n.endswith(".md") and ("/" not in n or n.startswith("docs/"))]
    return tuple(Document(name, (ROOT / name).read_text(encoding="utf-8")) for name in names)


def broken_links(document: Document) -> Iterator[str]:
    """Relative links that lead to no file, or to no heading of it."""
    for link in document.links:
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (ROOT / document.path).parent / place
        if place and not target.exists():
            yield f"{link}: no such file"
            continue
        aim = Document(place, target.read_text(encoding="utf-8")) if place.endswith(".md") else document
        if anchor and (not place or place.endswith(".md")) and anchor not in aim.headings:
            yield f"{link}: no such heading"


def missing_targets(document: Document) -> Iterator[str]:
    """`make` targets that the Makefile has not."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in [*document.code, *document.lines]:
        found = MAKE.match(re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line))
        if found and found[2] not in targets:
            yield f"make {found[2]}: no such target"


def missing_commands(document: Document) -> Iterator[str]:
    """`leye` commands and options that the command line has not."""
    for line in [*document.code, *document.lines]:
        for words in COMMAND.findall(line):
            yield from _missing_of(words)


def _missing_of(words: str) -> Iterator[str]:
    try:
        tokens = [token.strip("[]") for token in shlex.split(words)]
    except ValueError:
        return
    command, path = typer.main.get_command(leye), "leye"
    while tokens and (below := getattr(command, "commands", None)):
        name = tokens.pop(0)
        if name.startswith("-") or not re.fullmatch(r"[a-z-]+", name):
            break  # `leye --help`, `leye …`
        path = f"{path} {name}"
        if name not in below:
            yield f"{path}: no such command"
            return
        command = below[name]
    known = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
    for token in tokens:
        option = token.partition("=")[0]
        if re.fullmatch(r"--[a-z][a-z-]*", option) and option not in known | {"--help"}:
            yield f"{path}: no option {option}"


def missing_code(document: Document) -> Iterator[str]:
    """Words in backticks that are no path, address or name of this repository."""
    for told in document.code:
        if file := FILE.fullmatch(told):
            if "/" in file[1] or file[2]:
                yield from _missing_file(file[1], file[2])
            elif not any(name.endswith(f"/{file[1]}") or name == file[1] for name in all_files()):
                yield f"{told}: no such file"
        elif FOLDER.fullmatch(told):
            if not any((ROOT / base / told).is_dir() for base in ("", *PACKAGES)):
                yield f"{told}: no such folder"
        elif address := ADDRESS.fullmatch(told):
            if (address[1], address[2]) not in addresses():
                yield f"{told}: no such address"
        elif NAME.fullmatch(told) and not set(re.findall(r"\w+", told)) <= words_of_code():
            yield f"{told}: no such name in the code"


def _missing_file(path: str, name: str | None) -> Iterator[str]:
    ending = f"/{path}"
    direct = {path, *(f"{base}/{path}" for base in PACKAGES)}
    found = [one for one in all_files() if one in direct or ("/" not in path and one.endswith(ending))]
    if not found:
        yield f"{path}: no such file"
    elif name and not any(set(name.split(".")) <= names_in(one) for one in found):
        yield f"{path}: has no {name}"


@cache
def names_in(path: str) -> frozenset[str]:
    """What a Python file defines, at any depth."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


@cache
def words_of_code() -> frozenset[str]:
    """Every word of the repository's files, documents and this test aside."""
    found: set[str] = set()
    for name in all_files():
        if not name.endswith((".md", ".po", ".gz", ".png")) and name != Path(__file__).relative_to(ROOT).as_posix():
            found |= set(re.findall(r"\w+", f"{name} {(ROOT / name).read_text(encoding='utf-8', errors='ignore')}"))
    return frozenset(found)


@cache
def addresses() -> frozenset[tuple[str | None, str]]:
    """Every route of the site with and without its method, and the beginnings of routes that end in a slash."""
    found: set[tuple[str | None, str]] = set()
    for route in (route for router in ROUTERS for route in router.routes):
        path = str(getattr(route, "path", ""))
        found |= {(method, path) for method in (None, *(getattr(route, "methods", None) or ()))}
        parts = path.split("/")
        found |= {(None, "/".join(parts[:end]) + mark) for end in range(2, len(parts)) for mark in ("", "/")}
    return frozenset(found)


def faults(check: Callable[[Document], Iterator[str]], among: Sequence[Document]) -> list[str]:
    return [f"{document.path}: {fault}" for document in among for fault in check(document)]


def close() -> list[Document]:
    return [document for document in documents() if document.path in CLOSE]


@pytest.mark.parametrize("check", [broken_links, missing_targets, missing_commands])
def test_every_document_tells_of_what_is_there(check: Callable[[Document], Iterator[str]]) -> None:
    assert {"README.md", *CLOSE} <= {document.path for document in documents()}
    assert faults(check, documents()) == []


def test_everything_in_backticks_is_there() -> None:
    assert faults(missing_code, close()) == []


def test_the_map_has_a_line_for_every_module() -> None:
    [architecture] = [document for document in documents() if document.path == "ARCHITECTURE.md"]
    told = set(architecture.code)
    modules = []
    for base in PACKAGES:
        within = [name.removeprefix(f"{base}/") for name in tracked() if name.startswith(f"{base}/")]
        modules += [n for n in within if n.endswith((".py", ".mjs")) and "/versions/" not in n]
    lacking = {name for name in modules if Path(name).name not in PLAIN_NAMES} - told
    assert lacking == set(), "give each a line in ARCHITECTURE.md's map of modules"


def test_the_readme_has_the_two_commands() -> None:
    [readme] = [document for document in documents() if document.path == "README.md"]
    told = {line.strip() for line in [*readme.lines, *readme.code]}
    assert {"make demo", "make test"} <= told


PLANTED = {
    "a link to no file": (broken_links, "[x](docs/nowhere.md)"),
    "a picture that is not there": (broken_links, "![x](docs/pictures/nowhere.png)"),
    "a link to no heading": (broken_links, "[x](#nowhere)"),
    "a link to no heading elsewhere": (broken_links, "[x](docs/decisions/README.md#nowhere)"),
    "a target": (missing_targets, "`make coffee`"),
    "a target in a block": (missing_targets, "```\nLEYE_LOG=json make coffee\n```"),
    "a command": (missing_commands, "`leye brew`"),
    "a command of a group": (missing_commands, "`leye user brew`"),
    "a command in a block": (missing_commands, "```\n$ .venv/bin/leye brew --strong\n```"),
    "an option": (missing_commands, "`leye serve --strong`"),
    "a file": (missing_code, "`assignments/coffee.py`"),
    "a bare file": (missing_code, "`coffee.py`"),
    "a name in a file": (missing_code, "`assignments/claim.py:brew`"),
    "a folder": (missing_code, "`platform/coffee/`"),
    "an address": (missing_code, "`/coffee`"),
    "an address with its method": (missing_code, "`DELETE /work/next`"),
    "a name": (missing_code, "`brew_coffee_now`"),
}
SOUND = """# One heading

[a](#one-heading) [b](docs/decisions/README.md#decisions) [c](https://example.org) `make demo ARGS="--no-serve"`
`leye` `leye --help` `leye user add EMAIL --role ROLE` `leye export PROJECT --format JSON --out FILE` `leye …`
`assignments/claim.py` `claim.py:claim` `tests/support/browse.py:Browse.open` `platform/leye_platform/` `/work`
`POST /work/next` `/api/v1/` `uq_outbox_waiting` `Actor.may` `two words` `--option`
"""


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_told(what: str) -> None:
    check, text = PLANTED[what]
    assert len(list(check(Document("PLANTED.md", text)))) == 1


@pytest.mark.parametrize("check", [broken_links, missing_targets, missing_commands, missing_code])
def test_what_is_sound_passes(check: Callable[[Document], Iterator[str]]) -> None:
    assert list(check(Document("SOUND.md", SOUND))) == []
