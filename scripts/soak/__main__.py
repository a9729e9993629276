"""A soak: Leye scaled out on PostgreSQL, Redis and S3, at work for hours, while its parts are killed one by one.

`make soak` runs ten minutes of it; `make soak ARGS="--minutes 720"` a night. Without URLs it starts servers of its own
from installable packages. It needs no container engine. Exit status 1 where anything was lost, doubled or stuck, or
where memory went on growing; the report says what.
"""

import argparse
import json
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from soak.business import Business
from soak.disturbances import disturbances, disturbed
from soak.machines import Machine, kept_running
from soak.verdict import Readings, confirmed_answers, found_wrong, memory_troubles, report

from leye_platform.settings import read_settings
from leye_workers.compose import bring_up_to_date, opened
from leye_workers.demo.accounts import make_accounts
from leye_workers.demo.annotate import Acknowledgements
from leye_workers.demo.people import crowd, office
from support.s3_server import s3_server
from support.servers import free_port, servers_in_use

READS_EVERY = 5.0
READY_WITHIN = 120.0
LAST_KILL_BEFORE_END = 0.9
"""The disturbances end with this share of the time, so that what they have cut off is seen to be taken up again."""


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n")[0])
    option = parser.add_argument
    option("--minutes", type=float, default=10, help="how long batches keep coming in")
    option("--annotators", type=int, default=8)
    option("--rows", type=int, default=300, help="items of each batch")
    option("--webs", type=int, default=2, help="web machines, each with two processes")
    option("--runners", type=int, default=2, help="runner machines")
    option("--every", type=float, default=20, help="a disturbance about each so many seconds; 0 for none")
    option("--seed", type=int, default=1)
    option("--database", help="PostgreSQL, postgresql+psycopg://…: an empty database; its own where not given")
    option("--redis", help="redis://…/N, a number that nothing else uses; its own where not given")
    option("--storage", help="s3://…; its own where not given")
    option("--folder", type=Path, help="keep logs and files here; a temporary folder where not given")
    option("--json", type=Path, help="write the report here too")
    return parser.parse_args()


def main() -> None:
    asked, began = asked_for(), time.monotonic()
    with ExitStack() as stack:
        folder = _folder(asked, stack)
        urls = _servers(asked, folder, stack)
        readings, facts = _soak(asked, folder, urls)
        wrong = found_wrong(urls["LEYE_DATABASE_URL"], confirmed_answers(folder / "acknowledged.jsonl"))
    told = report(readings, facts | {"minutes": round((time.monotonic() - began) / 60, 1), "wrong": wrong})
    troubles = [f"{count} {what}" for what, count in wrong.items() if count] + memory_troubles(readings)
    troubles += [] if facts["answers"] else ["nobody answered anything"]
    print(json.dumps(told, indent=1, ensure_ascii=False))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(told, indent=1, ensure_ascii=False))
    print("\n".join(troubles) or "Nothing lost, nothing twice, nothing stuck.")
    sys.exit(1 if troubles else 0)


def _folder(asked: argparse.Namespace, stack: ExitStack) -> Path:
    if not asked.folder:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leye-soak-")))
    folder: Path = asked.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: name another folder")
    return folder


def _servers(asked: argparse.Namespace, folder: Path, stack: ExitStack) -> dict[str, str]:
    """The three URLs; servers of our own where none was given. One secret for all machines."""
    own = None
    if not (asked.database and asked.redis):
        own = stack.enter_context(servers_in_use(folder))
    database = asked.database or stack.enter_context(own.fresh_database())
    storage = asked.storage
    if not storage:
        (folder / "s3").mkdir()
        server = stack.enter_context(s3_server(folder / "s3", behind_its_back=False))
        storage = f"s3://{server.key}:{server.secret}@{server.address}/leye?secure=false"
    return {
        "LEYE_DATABASE_URL": database,
        "LEYE_REDIS_URL": asked.redis or own.redis_url,
        "LEYE_STORAGE_URL": storage,
        "LEYE_SECRET_KEY": secrets.token_urlsafe(32),
    }


def _soak(asked: argparse.Namespace, folder: Path, urls: dict[str, str]) -> tuple[Readings, dict[str, Any]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEYE_")}
    os.environ.clear()
    os.environ.update(kept | urls | {"LEYE_DATA_DIR": str(folder / "office")})
    with opened(read_settings(), migrated=False) as installation:
        bring_up_to_date(installation.database)
        staff, people = office(installation.secret), crowd(installation.secret, asked.annotators, asked.seed)
        make_accounts(installation, staff, people)
        os.environ["LEYE_SEALING_KEYS"] = (folder / "office" / "sealing.keys").read_text().strip()
    webs = [
        _machine(folder, f"web-{n}", ["web", "--port", str(free_port()), "--processes", "2"]) for n in range(asked.webs)
    ]
    runners = [_machine(folder, f"runner-{n}", ["runner"]) for n in range(asked.runners)]
    draw, readings = random.Random(asked.seed), Readings()
    harms = disturbances(webs, runners, urls["LEYE_DATABASE_URL"], urls["LEYE_REDIS_URL"], draw)
    with kept_running([*webs, *runners]), closing(Acknowledgements(folder / "acknowledged.jsonl")) as confirmed:
        business = Business(_ready(webs), staff, people, asked.rows, asked.seed, confirmed, _tell)
        with _reading(readings, [*webs, *runners], urls["LEYE_DATABASE_URL"]), ExitStack() as trouble:
            done = trouble.enter_context(disturbed(harms, asked.every, draw)) if asked.every else {}
            seconds = 60 * asked.minutes
            threading.Timer(LAST_KILL_BEFORE_END * seconds, trouble.close).start()
            business.run(seconds)
            trouble.close()
    facts = {"answers": len(confirmed.seen), "items_accepted": business.accepted, "disturbances": dict(done)}
    return readings, facts | {"starts": {one.name: one.starts for one in [*webs, *runners]}}


def _machine(folder: Path, name: str, command: list[str]) -> Machine:
    environment = os.environ | {"LEYE_DATA_DIR": str(folder / name)}
    return Machine(name, command, environment, folder / f"{name}.log")


def _ready(webs: list[Machine]) -> list[str]:
    """The web machines' addresses, once each of them answers."""
    urls = [f"http://127.0.0.1:{one.command[one.command.index('--port') + 1]}" for one in webs]
    deadline = time.monotonic() + READY_WITHIN
    for url in urls:
        while True:
            try:
                if httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} is not ready: see {webs[0].log.parent}")
            time.sleep(0.2)
    return urls


@contextmanager
def _reading(readings: Readings, machines: list[Machine], database_url: str) -> Any:
    """Read memory and the queue every few seconds until the block ends."""
    stopping = threading.Event()
    engine = sa.create_engine(database_url, pool_pre_ping=True)
    waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL"

    def read() -> None:
        while not stopping.wait(READS_EVERY):
            try:
                with engine.connect() as connection:
                    jobs = connection.exec_driver_sql(waiting).scalar_one()
            except sa.exc.DBAPIError:  # cut by a disturbance just now
                continue
            readings.add([size for one in machines for size in one.memory()], jobs)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield
    finally:
        stopping.set()
        reader.join()
        engine.dispose()


def _tell(sentence: str) -> None:
    print(f"  {sentence}", file=sys.stderr)


if __name__ == "__main__":
    main()
