"""Commands that keep the data: backup, restore, keys rotate, store check, store sweep, store proof."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show, tell


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)
    keys = typer.Typer(help="The keys of the sealed records.", no_args_is_help=True)
    keys.callback()(lambda: None)  # a group even with one command
    keys.command()(rotate)
    app.add_typer(keys, name="keys")
    store = typer.Typer(help="The object store.", no_args_is_help=True)
    store.command()(check)
    store.command()(sweep)
    store.command()(proof)
    app.add_typer(store, name="store")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as leye.tar.gz; it holds keys: keep it safe.")],
    as_json: AsJson = False,
) -> None:
    """Save database, objects and keys into one file, also while the program runs."""
    from leye_platform.settings import read_settings
    from leye_workers.backup.make import make_backup
    from leye_workers.compose import opened

    with opened(read_settings()) as installation:
        manifest = make_backup(installation, file.absolute())
    show(_summary(file, manifest.rows, len(manifest.members)), as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `leye backup` wrote.")], as_json: AsJson = False
) -> None:
    """Restore a backup into an empty data folder and an empty database, checked."""
    from leye_platform.billing.books import check_books
    from leye_platform.settings import read_settings
    from leye_workers.backup.restore import restore_backup
    from leye_workers.compose import opened

    settings = read_settings()
    manifest = restore_backup(settings, file)
    with opened(settings) as installation, installation.database.read() as session:
        problems = check_books(session)
    for problem in problems:
        tell(f"as saved, the books do not hold: {problem}")
    show(_summary(file, manifest.rows, len(manifest.members)), as_json=as_json)


def rotate(as_json: AsJson = False) -> None:
    """Add a sealing key and seal everything anew with it. The program must not be running."""
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened
    from leye_workers.key_rotation import rotate_keys
    from leye_workers.supervisor import sole_use

    settings = read_settings()
    with sole_use(settings.data_dir), opened(settings) as installation:
        key_id, resealed = rotate_keys(installation)
    show({"key": key_id, "resealed": resealed}, as_json=as_json)


def _summary(file: Path, rows: dict[str, int], members: int) -> dict[str, object]:
    return {"file": file, "tables": len(rows), "rows": sum(rows.values()), "files": members - len(rows)}


def check(as_json: AsJson = False) -> None:
    """Look through the whole store: what lies there, and what no row has named for a day. Removes nothing."""
    _look_through(remove=False, as_json=as_json)


def sweep(as_json: AsJson = False) -> None:
    """Remove what no row has named for a day, and uploads that nobody goes on with, as the runner does once a day."""
    _look_through(remove=True, as_json=as_json)


def proof(
    certificate: Annotated[str, typer.Argument(help="A certificate's number or id, or its batch's id.")],
    as_json: AsJson = False,
) -> None:
    """Look whether a certificate of erasure holds: its text, its manifest, the rows, and the objects it names."""
    from leye_platform.retention.proof import prove
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation:
        found = prove(installation, certificate)
    for problem in found.problems if not as_json else ():
        tell(problem)
    result = {
        "certificate": str(found.erasure),
        "batch": found.batch,
        "sha256": found.sha256,
        "holds": found.holds,
        "checked": found.checked,
        "came_again": found.came_again,
    }
    show(result | ({"problems": found.problems} if as_json else {}), as_json=as_json)
    if not found.holds:
        raise typer.Exit(1)


def _look_through(*, remove: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from leye_platform.holdings.sweep import end_abandoned_uploads, look_through
    from leye_platform.settings import read_settings
    from leye_workers.compose import opened

    with opened(read_settings()) as installation:
        if remove:
            end_abandoned_uploads(installation)
        found = asdict(look_through(installation, remove=remove))
    examples = found.pop("examples")
    if not as_json:
        for key in examples:
            tell(f"{'removed' if remove else 'no row names'} {key}")
    show(found | ({"examples": examples} if as_json else {}), as_json=as_json)
