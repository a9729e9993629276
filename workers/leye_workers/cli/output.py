"""How commands speak: results on stdout, as lines or as one JSON object; progress on stderr."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a result: `name value` lines, or JSON."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False, default=str))
        return
    for name, value in result.items():
        print(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}")


def tell(text: str) -> None:
    """Say how it goes, on stderr."""
    print(text, file=sys.stderr, flush=True)
