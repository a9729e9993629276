"""A demo that was stopped, then killed, and started again: it goes on, and then work waits for whoever signs in."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from support.demo import DemoFolder, until

pytestmark = pytest.mark.audit  # three starts of the whole program; `make test` runs the demo twice already


@dataclass(frozen=True)
class ServedDemo:
    """A demo that serves. `before`: the answers confirmed when its first start was killed."""

    folder: DemoFolder
    url: str
    before: list[dict[str, str]]

    def sign_in(self, role: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        account = self.folder.summary["accounts"][role]
        answer = client.post("/api/v1/sessions", json=account)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDemo]:
    folder = DemoFolder(tmp_path_factory.mktemp("served"))
    confirmed = folder.out / "acknowledged.jsonl"
    stopped = folder.start()
    until(lambda: confirmed.exists() and len(folder.rows("acknowledged.jsonl")) >= 5, stopped, folder)
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(30) == 1
    killed = folder.start()
    until(lambda: confirmed.exists() and len(folder.rows("acknowledged.jsonl")) >= 20, killed, folder)
    killed.kill()
    killed.wait(30)
    before = folder.rows("acknowledged.jsonl")
    running = folder.start()
    until(lambda: "Ctrl-C stops it" in folder.log.read_text(encoding="utf-8"), running, folder)
    said = folder.log.read_text(encoding="utf-8")
    url = said.rpartition("Sign in at ")[2].split()[0]
    yield ServedDemo(folder, url, before)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert not list((folder.data / "run").glob("*.pid"))


def test_who_stops_a_run_is_told_that_it_goes_on(served: ServedDemo) -> None:
    said = served.folder.log.read_text(encoding="utf-8")
    assert said.count("leye: stopped before the end") == 1
    assert "Traceback" not in said


def test_a_killed_run_goes_on_where_it_was(served: ServedDemo) -> None:
    assert served.folder.summary["run"] == 1
    assert "going on with run 1" in served.folder.log.read_text(encoding="utf-8")
    assert served.folder.rows("acknowledged.jsonl")[: len(served.before)] == served.before
    served.folder.check()


def test_each_role_signs_in_and_finds_what_waits_for_it(served: ServedDemo) -> None:
    claim = served.sign_in("annotator").post("/api/v1/claims")
    assert claim.status_code == 201, claim.text
    review = served.sign_in("reviewer").post("/api/v1/reviews/next")
    assert review.status_code == 200, review.text
    partner = served.sign_in("partner-qa")
    projects = partner.get("/api/v1/projects").json()
    batches = [one for project in projects for one in partner.get(f"/api/v1/projects/{project['id']}/batches").json()]
    assert {batch["state"] for batch in batches} == {"open", "closed"}
    lots = [lot for batch in batches for lot in partner.get(f"/api/v1/batches/{batch['id']}/lots").json()]
    assert sorted(lot["state"] for lot in lots) == ["delivered"] * 3 + ["invoiced"] * 3
    invoices = served.sign_in("partner-finance").get("/api/v1/invoices").json()
    assert sum(invoice["total_minor"] for invoice in invoices) == 832 + 657 + 1702


def test_the_printed_table_names_each_account(served: ServedDemo) -> None:
    said = served.folder.log.read_text(encoding="utf-8")
    for account in served.folder.summary["accounts"].values():
        assert account["email"] in said
        assert account["password"] in said


def test_the_answers_to_what_waits_are_on_file_too(served: ServedDemo) -> None:
    stored = served.folder.rows("responses.jsonl")
    assert len(stored) > served.folder.summary["answers"]
    confirmed = {row["response_id"] for row in served.folder.rows("acknowledged.jsonl")}
    assert confirmed <= {row["response_id"] for row in stored}
