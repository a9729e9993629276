"""The command `doctor`: what is configured, reachable, missing."""

import typer

from leye_workers.cli.output import AsJson


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Say what is configured, reachable and missing; exit 1 where something needed is missing."""
    import json

    from leye_platform.settings import read_settings
    from leye_workers.doctor import examine

    findings = examine(read_settings())
    if as_json:
        print(json.dumps({finding.part: {"ok": finding.ok, "says": finding.says} for finding in findings}))
    else:
        for finding in findings:
            print(f"{'ok     ' if finding.ok else 'MISSING'} {finding.part}: {finding.says}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
