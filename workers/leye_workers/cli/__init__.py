"""The command line `leye`. Commands import what they need when they run, so that `leye --help` is quick."""

import sys

import typer

from leye_workers.cli import batches, bench, books, files, keeping, people, running, state

app = typer.Typer(
    name="leye",
    help="Leye, a data-annotation platform. Settings come from the environment (LEYE_*); see `leye doctor`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (running, people, batches, files, books, keeping, bench, state):
    group.register(app)


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage."""
    try:
        app(prog_name="leye")
    except Exception as error:
        from leye_workers.cli.sentences import sentence_for

        sentence = sentence_for(error)
        if sentence is None:
            raise
        print(f"leye: {sentence}", file=sys.stderr)
        sys.exit(1)
