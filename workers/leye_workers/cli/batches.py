"""Commands on projects: import, export."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import AsJson, show, tell

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="Id, number or title.")]


def register(app: typer.Typer) -> None:
    app.command(name="import")(import_batch)
    app.command()(export)


def import_batch(
    project: ProjectName,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="CSV, JSON, JSONL, Excel, Parquet, or a zip of pictures.")
    ],
    open_it: Annotated[bool, typer.Option("--open", help="Let annotators begin.")] = False,
    append: Annotated[
        str | None, typer.Option(metavar="BATCH", help="Add the files to this batch (id or number), make no new one.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="The refused rows; FILE.refused.csv by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a batch of files, or add them to one, and wait until they are read; works beside a running `leye serve`."""
    from leye_platform.settings import read_settings
    from leye_workers.batch_import import append_files, import_files
    from leye_workers.compose import opened

    if append is not None and open_it:
        raise typer.BadParameter("--open is for a new batch; a batch that is appended to stays as it is")

    report = report or Path(f"{files[0].name}.refused.csv")
    with opened(read_settings()) as installation:
        if append is None:
            imported = import_files(installation, project, files, report, open_it=open_it)
        else:
            imported = append_files(installation, project, append, files, report)
    known = {} if imported.rows_known is None else {"rows_known": imported.rows_known}
    if as_json:
        show(
            {
                "batch": imported.batch_id,
                "rows_in": imported.rows_in,
                "rows_refused": imported.rows_refused,
                **known,
                "report": report,
                "problem": imported.problem,
            },
            as_json=True,
        )
    else:
        print(imported.batch_id)
        print(f"rows in {imported.rows_in}")
        print(f"rows refused {imported.rows_refused}")
        if known:
            print(f"rows known {imported.rows_known}")
        print(f"report {report}")
    if imported.problem is not None:
        tell(f"leye: {imported.problem}")
        raise typer.Exit(1)


def export(
    project: ProjectName,
    form: Annotated[str, typer.Option("--format", help="JSON, CSV, COCO, YOLO, CONLL2003, …")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    original_names: Annotated[
        bool, typer.Option("--original-names", help="Call the classes as the label config has them.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(metavar="LOT", help="Only what later lots hold; a lot's name (L-02) or id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what the partner has been given, in one file, and say what the format could not hold."""
    from leye_platform.exports.service import Names, export_project
    from leye_platform.settings import read_settings
    from leye_workers.batch_import import find_project
    from leye_workers.compose import opened

    draft = out.with_name(f".{out.name}.draft")
    with opened(read_settings()) as installation, installation.database.read() as session:
        names = Names.ORIGINAL if original_names else Names.WANTED
        project_id = find_project(session, project).id
        written = export_project(session, project_id, form, names, since=since or "", objects=installation.objects)
        try:
            with draft.open("wb") as file:
                file.writelines(written.chunks())
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    report = written.losses.as_json()
    if as_json:
        show({"file": out, "bytes": out.stat().st_size, **report}, as_json=True)
        return
    show({"file": out, "bytes": out.stat().st_size, "items": report["items"]}, as_json=False)
    for loss in report["losses"]:
        tell(f"{loss['sentence']} ({loss['code']}{'' if loss['count'] is None else ': ' + str(loss['count'])})")
