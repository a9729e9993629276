"""Both servers as their makers ship them, each on SQLite in a folder of its own, with tokens of people."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[2]
ORACLE, OURS = ROOT / ".venv-oracle" / "bin", ROOT / ".venv" / "bin"
PASSWORD = "Side-by-side-1"  # noqa: S105 -- of servers that live as long as the comparison
STARTS_WITHIN = 300.0
"""Label Studio makes its tables first: a minute where the machine is shared."""
STOPS_WITHIN = 40.0


@dataclass(frozen=True)
class Server:
    """A running server. tokens: an admin's first, then annotators'. serves: the process that answers requests."""

    name: str
    url: str
    tokens: tuple[str, ...]
    process: psutil.Process
    serves: psutil.Process


@contextmanager
def label_studio(folder: Path, people: int = 1) -> Iterator[Server]:
    """Label Studio: one threaded process. It asks nobody for newer versions and reports nothing."""
    url, first = _free_url(), "0123456789abcdef" * 2 + "01234567"
    command = [ORACLE / "label-studio", "start", "--no-browser", "--data-dir", folder / "data"]
    command += ["--port", url.rpartition(":")[2], "--username", _email(0), "--password", PASSWORD]
    environment = {
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LATEST_VERSION_CHECK": "false",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    with _run([*command, "--user-token", first], environment, folder / "log", f"{url}/health") as process:
        tokens = [first, *(_signed_up(url, _email(number)) for number in range(1, people))]
        yield Server("Label Studio", url, tuple(tokens), process, process)


def _signed_up(url: str, email: str) -> str:
    """Somebody joins by the form, as people do there; their token."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=60, trust_env=False) as browser:
        browser.get("/user/signup/").raise_for_status()
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "email": email, "password": PASSWORD}
        browser.post("/user/signup/", data=form).raise_for_status()
        return str(browser.get("/api/current-user/token").raise_for_status().json()["token"])


@contextmanager
def leye(folder: Path, people: int = 1) -> Iterator[Server]:
    """`leye serve`: supervisor, Redis, job runner and one web process."""
    url, data = _free_url(), folder / "data"
    environment = {"LEYE_DATA_DIR": str(data), "LEYE_BASE_URL": url}
    tokens = []
    for number in range(people):
        role = ["--role", "admin" if number == 0 else "annotator"]
        for words in (["user", "add", _email(number), *role, "--password", PASSWORD], ["token", "new", _email(number)]):
            told = subprocess.run([OURS / "leye", *words], env=_with(environment), check=True, capture_output=True)
        tokens.append(told.stdout.decode().strip())
    command = [OURS / "leye", "serve", "--port", url.rpartition(":")[2]]
    with _run(command, environment, folder / "log", f"{url}/readyz") as process:
        web = psutil.Process(int((data / "run" / "web.pid").read_text()))
        yield Server("Leye", url, tuple(tokens), process, web)


BOTH: Mapping[str, Callable[[Path, int], object]] = {"Label Studio": label_studio, "Leye": leye}


def _email(number: int) -> str:
    return f"person-{number}@demo.example"


def _free_url() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}"


def _with(environment: Mapping[str, str]) -> dict[str, str]:
    """Our own environment without what would configure either server otherwise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEYE_", "LABEL_STUDIO_"))}
    return kept | dict(environment)


@contextmanager
def _run(
    command: list[str | Path], environment: Mapping[str, str], log: Path, answers: str
) -> Iterator[psutil.Process]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=_with(environment), cwd=log.parent, stdout=told, stderr=told)
    try:
        _wait_for(answers, process, log)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=10, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"it does not answer at {url}: {log.read_text(errors='replace')[-2000:]}")


def run_partner(server: Server, folder: Path) -> list[dict[str, object]]:
    """The partner's script against a server; its calls. The exports are in the folder."""
    folder.mkdir(parents=True)
    script = Path(__file__).with_name("partner.py")
    command = [ORACLE / "python", script, server.url, server.tokens[0], folder]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(f"the partner's script fails at {server.name}: {done.stderr.decode()[-3000:]}")
    calls: list[dict[str, object]] = json.loads((folder / "calls.json").read_text(encoding="utf-8"))
    return calls
