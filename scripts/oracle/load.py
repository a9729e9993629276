"""Both servers under the same load, by `ls_load.py` beside the repository, and what each did for it.

`make oracle` runs it after the comparisons; alone: PYTHONPATH=scripts .venv/bin/python -m oracle.load --help.
Exit status 1 where Leye loses, doubles or changes an answer, answers with an error, or costs more CPU than it must.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from oracle.figures import Run, Size, table, troubles
from oracle.running import BOTH, ROOT, Server

GENERATOR = ROOT.parent / "shared" / "bench" / "ls_load.py"


def all_cpu(process: psutil.Process) -> float:
    """CPU seconds of every process of a server, ended ones too."""
    spent = 0.0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):  # it ended meanwhile
            spent += sum(one.cpu_times()[:4])
    return spent


def run_load(server: Server, asked: argparse.Namespace, size: Size) -> Run:
    """One run of the generator. It measures the process that answers, with the database in it; what all processes of
    the server spent meanwhile is read as each step ends."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, str(asked.generator), "--url", server.url, "--json", str(report)]
        command += [
            "--server-pid",
            str(server.serves.pid),
            "--tasks",
            str(size.tasks),
            "--annotators",
            str(size.annotators),
        ]
        command += ["--finished", str(size.finished), "--seconds", str(asked.seconds)]
        command += [f"--token={token}" for token in server.tokens[: size.annotators]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as generator:
            spent, before = {}, all_cpu(server.process)
            for line in generator.stdout or ():
                now = all_cpu(server.process)
                spent[line.split()[0]], before = now - before, now
                print(f"  {line[:200].rstrip()}", file=sys.stderr)
        told = json.loads(report.read_text()) if report.exists() else {"steps": {}, "wrong": {"it did not end": 1}}
    return Run(server.name, size, told["steps"], told["wrong"], spent)


def sizes(asked: argparse.Namespace) -> list[Size]:
    """The runs. Where it is not said how many tasks come in answered, a last run has nine in ten: enough to export."""
    tasks, people = asked.tasks or [1000, 10_000], asked.annotators or [1, 4]
    plan = [Size(number, annotators, min(asked.finished, number)) for number in tasks for annotators in people]
    return plan if asked.finished else [*plan, Size(max(tasks), 1, max(tasks) * 9 // 10)]


def loads() -> dict[str, Any]:
    """How busy the machine is with other things, before either server runs."""
    return {"cores": os.cpu_count(), "busy_percent": psutil.cpu_percent(3), "load_average": os.getloadavg()}


def main() -> None:
    option = (parser := argparse.ArgumentParser(description=__doc__.partition("\n")[0])).add_argument
    option("--tasks", type=int, action="append", help="repeat; 1000 and 10000 where not given")
    option("--annotators", type=int, action="append", help="repeat; 1 and 4 where not given")
    option("--finished", type=int, default=0, help="so many tasks of each run come in answered")
    option("--seconds", type=float, default=20, help="so long is annotated in each run")
    option("--only", choices=list(BOTH), help="one of the two alone")
    option("--generator", type=Path, default=GENERATOR, help="the load generator, where it lies elsewhere")
    option("--json", type=Path, help="write all figures here")
    asked = parser.parse_args()
    if not asked.generator.exists():
        place = os.path.relpath(asked.generator, ROOT)
        print(f"No figures: the load generator is not there ({place}, seen from the repository).")
        return
    plan = sizes(asked)
    people = max(size.annotators for size in plan)
    began, machine, runs = time.time(), loads(), list[Run]()
    for name in [asked.only] if asked.only else BOTH:
        with tempfile.TemporaryDirectory() as folder, BOTH[name](Path(folder), people) as server:
            for size in plan:
                print(f"{name}: {size}", file=sys.stderr)
                runs.append(run_load(server, asked, size))
    print(table(runs))
    found = troubles(runs)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        settings = {"seconds": asked.seconds, "began": began, "machine": machine}
        asked.json.write_text(
            json.dumps(settings | {"runs": [run.told() for run in runs], "troubles": found}, indent=1)
        )
    print("\n".join(found) or "Leye: every answer is there once and unchanged, and CPU is within what it must be.")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
