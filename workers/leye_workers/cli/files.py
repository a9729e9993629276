"""Commands on files of answers: consensus, replay. They need neither database nor site."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show

Answers = Annotated[Path, typer.Argument(help="CSV with the columns item, worker, label; .gz is read too.")]


def register(app: typer.Typer) -> None:
    app.command()(consensus)
    app.command()(replay)


def consensus(
    answers: Answers,
    out: Annotated[Path, typer.Option(help="The CSV to write: item, label, confidence.")],
    kind: Annotated[str, typer.Option(help="class, boxes, ratings, segments, spans or text.")] = "class",
    method: Annotated[str, typer.Option(help="auto, dawid-skene, one-coin or majority.")] = "auto",
    truth: Annotated[Path | None, typer.Option(help="CSV with item, label: prints the scores.")] = None,
    as_json: AsJson = False,
) -> None:
    """Combine the answers of a file into one label an item."""
    from leye_quality.file_commands import consensus_on_file

    show(consensus_on_file(answers, out, kind=kind, method=method, truth=truth), as_json=as_json)


def replay(
    answers: Answers,
    truth: Annotated[Path, typer.Option(help="CSV with the columns item, label.")],
    confidence: Annotated[float, typer.Option(help="How sure is sure enough.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Draws the order of the answers.")] = 1,
    live: Annotated[bool, typer.Option("--live", help="Weigh each answer once, as it comes.")] = False,
    known: Annotated[int, typer.Option(help="With --live: items that serve as gold.")] = 0,
    limit: Annotated[int, typer.Option(help="With --live: answers an item at most.")] = 10,
    as_json: AsJson = False,
) -> None:
    """How many recorded answers dynamic overlap would have needed."""
    from leye_quality.file_commands import replay_live_on_file, replay_on_file

    if live:
        found = replay_live_on_file(answers, truth, confidence=confidence, seed=seed, known=known, limit=limit)
        show(found, as_json=as_json)
        return
    show(replay_on_file(answers, truth, confidence=confidence, seed=seed), as_json=as_json)
