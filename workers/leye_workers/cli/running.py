"""Commands that run the program: serve, web, runner, migrate, demo."""

from pathlib import Path
from typing import Annotated

import typer

from leye_workers.cli.output import tell

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")]
Processes = Annotated[int, typer.Option(min=1, max=64, help="Web processes; more than one needs PostgreSQL.")]
CHECK_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    for command in (demo, serve, web, runner, migrate):
        app.command()(command)


def demo(
    out: Annotated[Path, typer.Option(help="Where the result files go.")] = Path("demo-output"),
    items: Annotated[int, typer.Option(help="Texts in the main batch.")] = 320,
    annotators: Annotated[int, typer.Option(help="People in the simulated crowd.")] = 12,
    seed: Annotated[int, typer.Option(help="Draws the crowd and its answers.")] = 1,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the job.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8080,
) -> None:
    """The whole business once, worked by a simulated crowd; then the site to look at."""
    from leye_workers.demo import run_demo
    from leye_workers.demo.options import DemoOptions

    options = DemoOptions(
        out=out, items=items, annotators=annotators, seed=seed, serve=not no_serve, host=host, port=port
    )
    if problems := options.problems():
        raise typer.BadParameter("; ".join(problems))
    run_demo(options)


def serve(host: Host = "127.0.0.1", port: Port = 8080, processes: Processes = 1) -> None:
    """Run the site and its jobs on this machine, until Ctrl-C."""
    _run_site(host, port, processes, jobs=True)


def web(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    processes: Processes = 1,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the web alone; jobs are run by `leye runner`."""
    import socket
    from contextlib import nullcontext

    from leye_platform.settings import read_settings
    from leye_workers.logs import configure_logging
    from leye_workers.site import listen, local_url, with_base_url
    from leye_workers.web_process import serve_web

    if processes > 1:
        _run_site(host, port, processes, jobs=False)
        return
    settings = read_settings()
    configure_logging(settings.log)
    with listen(host, port) if fd is None else nullcontext(socket.socket(fileno=fd)) as listening:
        if fd is None:
            url = local_url(host, listening)
            settings = with_base_url(settings, url)
            print(url, flush=True)
        serve_web(settings, listening, migrated=fd is None)


def runner(
    queues: Annotated[str, typer.Option(help="The queues to work on, parted by commas.")] = "files,work,mail",
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run background jobs; any number of runners may work on one PostgreSQL and one Redis."""
    from leye_platform.settings import EMBEDDED, read_settings
    from leye_workers.compose import opened
    from leye_workers.jobs.registry import queue_names
    from leye_workers.logs import configure_logging
    from leye_workers.redis_server import answers, redis_url
    from leye_workers.refusals import CommandRefused
    from leye_workers.runner import Runner, run_until_signalled

    settings = read_settings()
    configure_logging(settings.log)
    chosen, unknown = queue_names(queues)
    if unknown:
        raise typer.BadParameter(f"--queues: unknown {', '.join(unknown)}; known are files, work")
    url = redis_url(settings)
    if not supervised and settings.redis_url == EMBEDDED and not answers(url):
        raise CommandRefused("there is no Redis: run `leye serve`, which brings one along, or set LEYE_REDIS_URL")
    with opened(settings, migrated=not supervised) as installation:
        run_until_signalled(Runner(installation, url, chosen))


def migrate() -> None:
    """Bring the database's schema to the newest version."""
    from leye_platform.migrate import newest_revision
    from leye_platform.settings import read_settings
    from leye_workers.compose import bring_up_to_date, opened

    with opened(read_settings(), migrated=False) as installation:
        changed = bring_up_to_date(installation.database)
    print(f"schema {newest_revision()}{'' if changed else ', as before'}")


def _run_site(host: str, port: int, processes: int, *, jobs: bool) -> None:
    import time

    from leye_platform.settings import read_settings
    from leye_workers.logs import configure_logging
    from leye_workers.site import exit_on_signals, running_site

    settings = read_settings()
    configure_logging(settings.log)
    exit_on_signals()
    with running_site(settings, host=host, port=port, processes=processes, jobs=jobs) as site:
        site.wait_until_ready()
        print(site.base_url, flush=True)
        tell(f"Ctrl-C stops it. Data: {settings.data_dir}")
        while True:
            time.sleep(CHECK_SECONDS)
            site.check()
