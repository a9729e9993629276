"""The crowd at work: claim, look, answer, until nothing waits. Only the answers are simulated."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from leye_workers.demo.http_client import Client, DemoStopped
from leye_workers.demo.kinds import DemoKind
from leye_workers.demo.people import SimulatedAnnotator

Kinds = Mapping[str, DemoKind]
"""The demo's task types by name."""


class Acknowledgements:
    """`acknowledged.jsonl`: a line for each answer the server confirmed, written by the crowd itself.

    Appended and synced line by line, so that the file never claims less than was confirmed for long,
    and read at start, so that a run after a crash adds no line twice.
    """

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self.seen = {orjson.loads(line)["response_id"] for line in _whole_lines(path)}
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def add(self, response_id: str, assignment_id: str, annotator: str) -> None:
        line = {"response_id": response_id, "assignment_id": assignment_id, "annotator": annotator}
        with self.lock:
            if response_id not in self.seen:
                self.seen.add(response_id)
                os.write(self.descriptor, orjson.dumps(line) + b"\n")
                os.fdatasync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


def _whole_lines(path: Path) -> list[bytes]:
    """The file's complete lines; a line cut by a crash is dropped from the file."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)
    return whole.splitlines()


class Annotator:
    """One simulated annotator with a session of their own."""

    def __init__(
        self, base_url: str, person: SimulatedAnnotator, kinds: Kinds, seed: int, confirmed: Acknowledgements
    ) -> None:
        self.client = Client(base_url, person.account)
        self.person, self.kinds, self.seed, self.confirmed = person, kinds, seed, confirmed

    def work_once(self, project: str) -> bool:
        """Claim one task of a project and answer it; False where nothing waits for this person."""
        claim = self.client.call("POST", "/api/v1/claims", json={"project": project})
        if claim.status_code == 204:
            return False
        assignment = claim.json()
        assignment_id: str = assignment["assignment_id"]
        kind = self.kinds[assignment["task"]["type"]]
        key = kind.key_of(assignment["task"]["data"])
        if key is None:  # somebody's own batch in the demo's project: not for simulated people
            self.client.post(f"/api/v1/assignments/{assignment_id}/skip", {"reason": "other"})
            return True
        result = kind.answer(self.person, key, self.seed)
        body = {"result": result, "active_ms": 4000, "input_mode": "keyboard"}
        answer = self.client.call(
            "POST",
            f"/api/v1/assignments/{assignment_id}/response",
            json=body,
            headers={"Idempotency-Key": f"demo-{assignment_id}"},
        )
        self.confirmed.add(answer.json()["response_id"], assignment_id, self.person.account.email)
        return True

    def work_somewhere(self, projects: list[str]) -> bool:
        """Work once, in the first project that has something for this person."""
        return any(self.work_once(project) for project in projects)


class Reviewer:
    """The simulated reviewer: knows the truth nearly always, and says why."""

    def __init__(self, client: Client, kinds: Kinds, seed: int) -> None:
        self.client, self.kinds, self.seed = client, kinds, seed

    def review_once(self) -> bool:
        """Settle one review; False where none waits."""
        answer = self.client.call("POST", "/api/v1/reviews/next")
        if answer.status_code == 204:
            return False
        review = answer.json()
        kind = self.kinds.get(review["task_type"])
        key = None if kind is None else kind.key_in_view(review["task"])
        if kind is None or key is None:
            self.client.post(f"/api/v1/reviews/{review['id']}/put-back")
            raise DemoStopped("a review of another batch comes first: settle it on the site, then run the demo again")
        right = kind.judgement(key, self.seed)
        matching = [given["response_id"] for given in review["answers"] if kind.same(given["result"], right)]
        if matching:
            verdict: dict[str, Any] = {"verdict": "accept", "reason": "fits_guide", "chosen": matching[0]}
        else:
            verdict = {"verdict": "fix", "reason": "wrong_label", "result": right}
        self.client.post(f"/api/v1/reviews/{review['id']}/settle", verdict)
        return True
