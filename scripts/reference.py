"""Writes the pages of docs/reference that the code knows best, and says which of them are out of date.

reference.py [--check]
"""

import argparse
import importlib
import inspect
import pkgutil
import sys
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

import leye_platform
from leye_platform.accounts.rules import (
    HOMES,
    RESET_BY_COORDINATOR,
    RESET_BY_LEADER,
    Role,
    kinds_for,
)
from leye_platform.assignments.rules import ASSIGNMENT_MOVES, SLOT_MOVES
from leye_platform.delivery.pages import STATE_WORDS as LOT_WORDS
from leye_platform.delivery.rules import LOT_MOVES
from leye_platform.errors import code_of
from leye_platform.permissions import GRANTS, Permission, roles_with
from leye_platform.projects.batch_words import ADDITION_WORDS
from leye_platform.projects.batch_words import STATE_WORDS as BATCH_WORDS
from leye_platform.projects.rules import ADDITION_MOVES, BATCH_MOVES, DATA_MOVES, ITEM_MOVES
from leye_platform.review.rules import REVIEW_MOVES
from leye_platform.settings import Settings
from leye_platform.web.error_table import named_errors
from leye_platform.web.pages import ROLE_WORDS
from leye_platform.web.translations import catalogue
from leye_workers.cli import app

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
WORDS = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
HOW = "<!-- Written by scripts/reference.py from the code. Change the code or the script, then run it again. -->"
MACHINES: tuple[tuple[str, str, Mapping[Any, frozenset[Any]]], ...] = (
    ("batch", "Batch", BATCH_MOVES),
    ("data", "A batch's data", DATA_MOVES),
    ("addition", "Addition: a further file of a batch", ADDITION_MOVES),
    ("item", "Item", ITEM_MOVES),
    ("slot", "Slot: one wanted answer", SLOT_MOVES),
    ("assignment", "Assignment: a slot that somebody holds", ASSIGNMENT_MOVES),
    ("review", "Review", REVIEW_MOVES),
    ("lot", "Lot", LOT_MOVES),
)
ON_PAGES: Mapping[str, Mapping[Any, tuple[str, str]]] = {
    "batch": BATCH_WORDS,
    "addition": ADDITION_WORDS,
    "lot": LOT_WORDS,
}


class WordsMissing(Exception):
    """Something new in the code has no words in docs/reference/words.toml yet."""


def words(kind: str, name: str) -> Any:
    """What words.toml says of something. `kind`: `settings`, `permissions` or `states.THING`.

    Raises WordsMissing.
    """
    place = WORDS
    for part in (*kind.split("."), name):
        if part not in place:
            raise WordsMissing(f"docs/reference/words.toml lacks {name} under [{kind}]")
        place = place[part]
    return place


def page(title: str, *parts: str) -> str:
    """A page of Markdown."""
    return "\n\n".join([f"# {title}", HOW, *parts]) + "\n"


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown; bars in cells are written so that they stay in them."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def commands() -> str:
    """Every command of `leye` with its arguments and options."""
    found = list(_commands(typer.main.get_command(app), "leye"))
    about = (
        "Results go to stdout, progress and logs to stderr. `--json` prints one JSON object. "
        "Exit codes: 0 done, 1 refused or failed, with a sentence, 2 wrong usage. "
        "Settings come from the environment: see [settings](settings.md)."
    )
    return page("Commands", about, *(_command(name, command) for name, command in found))


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {word}")
        elif not command.hidden:
            yield f"{name} {word}", command


def _command(name: str, command: Any) -> str:
    kinds = get_type_hints(inspect.unwrap(command.callback))
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in shown if not one.opts[0].startswith("-")]
    usage = " ".join(
        [name, *(_argument(one) for one in arguments), *(["[OPTIONS]"] if len(shown) > len(arguments) else [])]
    )
    rows = [
        (f"`{_argument(one)}`" if one in arguments else _option(one, kinds[one.name]), one.help or "", _default(one))
        for one in shown
    ]
    parts = [f"## {name}", f"```\n{usage}\n```", command.help or ""]
    return "\n\n".join([*parts, table(("", "what", "default"), rows)] if rows else parts)


def _argument(one: Any) -> str:
    return f"{one.metavar or one.name.upper()}" + ("" if one.nargs == 1 or (one.metavar or "").endswith("…") else "…")


def _option(one: Any, kind: Any) -> str:
    return f"`{one.opts[0]}`" if kind is bool else f"`{one.opts[0]} {_value(kind)}`"


def _value(kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    return {int: "N", float: "X", Path: "PATH"}.get(kind, "TEXT")


def _default(one: Any) -> str:
    if one.required:
        return "required"
    return "" if one.default in {None, False} else f"`{one.default}`"


def settings() -> str:
    """Every setting with its default."""
    about = (
        "All configuration comes from environment variables. An unknown name that begins with `LEYE_`, or a value "
        "that cannot be used, stops the program with a sentence. The three URLs choose between one machine and many."
    )
    told = [(name, words("settings", name)) for name in Settings.model_fields]
    rows = [(f"`LEYE_{name.upper()}`", said["means"], said["default"]) for name, said in told]
    return page("Settings", about, table(("name", "what", "default"), rows))


def permissions() -> str:
    """Every role with where it is held and what it may do."""
    homes = {role: path for roles, path in HOMES for role in roles}
    roles = [
        (f"`{role}`", ROLE_WORDS[role], f"`{homes[role]}`", ", ".join(sorted(kinds_for(role))), _granted(role))
        for role in Role
    ]
    allowed = [
        (
            f"`{right}`",
            words("permissions", right),
            _listed(roles_with(right)) if right is not Permission.PUBLIC else "all",
        )
        for right in Permission
    ]
    reset = (
        f"A leader resets the passwords of the own team's {_listed(RESET_BY_LEADER)}. A coordinator resets those of "
        f"{_listed(RESET_BY_COORDINATOR)}. An admin resets everybody's but an admin's; those are set on the server, "
        "with `leye user password`."
    )
    about = (
        "A person holds one role or several, each in an organisation: the operator, a base, or a partner firm. "
        "A partner's people reach their own firm's things only; the operator's people reach every firm's. "
        "Nobody reviews an item that they answered."
    )
    return page(
        "Roles and permissions",
        about,
        "## Roles",
        table(("role", "on pages", "begins at", "held in", "may"), roles),
        "## Permissions",
        table(("permission", "lets a person", "roles"), allowed),
        "## Resetting passwords",
        reset,
    )


def _granted(role: Role) -> str:
    shared = {Permission.PUBLIC, Permission.OWN_ACCOUNT}
    return ", ".join(f"`{right}`" for right in Permission if right in GRANTS[role] - shared)


def _listed(roles: frozenset[Role]) -> str:
    if roles == frozenset(Role):
        return "all who are signed in"
    return ", ".join(f"`{role}`" for role in Role if role in roles)


def states() -> str:
    """Every state of batches, items, slots, assignments, reviews and lots, with the moves allowed."""
    about = "A thing moves from one state to another only as these tables allow; anything else is refused."
    parts = []
    for kind, title, moves in MACHINES:
        pages = ON_PAGES.get(kind, {})
        rows = [
            (
                f"`{state}`",
                *([pages[state][1]] if pages else []),
                words(f"states.{kind}", state),
                _next(moves[state], moves),
            )
            for state in moves
        ]
        header = ("state", *(["on pages"] if pages else []), "means", "may become")
        parts += [f"## {title}", table(header, rows)]
    return page("States", about, *parts)


def _next(wanted: frozenset[Any], moves: Mapping[Any, Any]) -> str:
    return ", ".join(f"`{state}`" for state in moves if state in wanted) or "nothing: it is the end"


def errors() -> str:
    """Every named error with its HTTP status and sentence."""
    about = (
        "Under `/api/v1` a refusal is a problem document (RFC 9457): `type` is `/problems/` and the code below, "
        "`title` the sentence, `errors` a sentence for each field where fields are to be changed. Sentences come in "
        "Chinese, and in English where the address ends with `?lang=en`. People read the same sentence on a page. "
        "Words in braces are filled in. The site has a page for each: `/problems` lists them."
    )
    beside = (
        "Beside them: `invalid-request` (422), a body or a parameter that is not as the API's description says, with "
        "`errors`; `http` (405 and the like), an address that cannot be used so; `unforeseen` (500), a fault of the "
        "program, with a `reference` that stands in the log."
    )
    english = catalogue("en")
    _load_all()
    found = sorted(named_errors(), key=lambda error: (error.__module__, error.status, code_of(error)))
    parts = []
    for module in dict.fromkeys(error.__module__ for error in found):
        rows = [
            (f"`{code_of(error)}`", str(error.status), english.gettext(error.sentence))
            for error in found
            if error.__module__ == module
        ]
        parts += [f"## {_feature(module)}", table(("code", "status", "says"), rows)]
    return page("Error codes", about, beside, *parts)


def _load_all() -> None:
    for found in pkgutil.walk_packages(leye_platform.__path__, "leye_platform."):
        if ".migrations" not in found.name:
            importlib.import_module(found.name)


def _feature(module: str) -> str:
    name = module.removeprefix("leye_platform.").removesuffix(".errors").removesuffix(".refusals")
    return "common to all" if name == "errors" else name.replace(".", ", ").replace("_", " ")


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "settings.md": settings,
    "permissions.md": permissions,
    "states.md": states,
    "errors.md": errors,
}


def out_of_date(folder: Path = FOLDER) -> list[str]:
    """The pages that are not as the code would have them."""
    return [
        name
        for name, write in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != write()
    ]


def main() -> int:
    """Write the pages; with --check, name those that are out of date and change nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a page is out of date")
    checking = parser.parse_args().check
    old = out_of_date()
    for name in old:
        if not checking:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"{name} {'is out of date' if checking else 'is written anew'}")
    return 1 if checking and old else 0


if __name__ == "__main__":
    sys.exit(main())
