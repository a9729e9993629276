"""What the staff and the partner do by script: projects made, batches brought in and opened, lots accepted.

A request that adds something is not repeated blindly where its answer was lost: what came of it is looked up.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from leye_workers.demo.http_client import Client, DemoStopped
from leye_workers.demo.kinds import BatchFile, DemoProject
from leye_workers.demo.people import PARTNER, Account
from leye_workers.site import Site

PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.1
FINISHED = frozenset({"decided", "delivered", "accepted", "unusable", "withdrawn"})
Look = Callable[[], Any]


class SeveralLots(DemoStopped):
    """Somebody cut the batch into lots on the site meanwhile: the files could not tell of one invoice."""


class Office:
    """The people who run the business, each signed in when first needed."""

    def __init__(self, site: Site, accounts: Mapping[str, Account]) -> None:
        self.site, self.accounts = site, accounts

    @cached_property
    def coordinator(self) -> Client:
        return self.sign_in("coordinator")

    @cached_property
    def engineer(self) -> Client:
        return self.sign_in("partner-engineer")

    @cached_property
    def inspector(self) -> Client:
        return self.sign_in("partner-qa")

    def sign_in(self, role: str) -> Client:
        """A client of whoever holds this role."""
        return Client(self.site.local_url, self.accounts[role])

    def project(self, wanted: DemoProject) -> str:
        """The project's id; made where there is none with this title and pipeline."""
        while True:
            for found in self.coordinator.get("/api/v1/projects"):
                if found["title"] == wanted.title and wanted.pipeline.items() <= found["pipeline"].items():
                    return str(found["id"])
            self.coordinator.attempt("POST", "/api/v1/projects", json=wanted.body(PARTNER))

    def batches(self, project: str) -> list[dict[str, Any]]:
        """The project's batches, newest first."""
        found: list[dict[str, Any]] = self.coordinator.get(f"/api/v1/projects/{project}/batches")
        return found

    def bring_in(self, project: str, name: str, make: Callable[[], BatchFile], tell: Callable[[float], None]) -> str:
        """The partner uploads, the job reads, the coordinator opens; the batch's id. Begun before: it goes on.

        make: the file, asked for only where it is still to be sent. tell: is given the share of it that has been
        read. Raises DemoStopped.
        """
        known = [seen for seen in self.batches(project) if seen["name"] == name and seen["state"] != "cancelled"]
        batch = next((seen for seen in known if seen["state"] != "uploading"), None) or self._upload(
            project, name, make()
        )
        path = f"/api/v1/batches/{batch['id']}"

        def read() -> Any:
            seen = self.coordinator.get(path)
            tell(1.0 if seen["state"] != "ingesting" else seen["read"] or 0.0)
            return None if seen["state"] == "ingesting" else seen

        batch = self.wait_for(read, "the batch to be read")
        if batch["state"] == "failed":
            raise DemoStopped(f"the batch could not be read: {batch['problem']}")
        if batch["state"] in {"ready", "paused"}:
            self.coordinator.post(f"{path}/open")
        return str(batch["id"])

    def _upload(self, project: str, name: str, file: BatchFile) -> Any:
        made = None
        while made is None:
            for lost in self.batches(project):  # made, but the address to send the file to did not arrive
                if lost["name"] == name and lost["state"] == "uploading":
                    self.coordinator.post(f"/api/v1/batches/{lost['id']}/cancel")
            body = {"name": name, "file_name": file.name}
            made = self.engineer.attempt("POST", f"/api/v1/projects/{project}/batches", json=body)
        batch = made.json()
        self._send_file(batch["upload_url"], file.content)
        return self.engineer.post(f"/api/v1/batches/{batch['id']}/ingest")

    def _send_file(self, url: str, content: bytes) -> None:
        """PUT to a signed URL, which is all the permission it takes; the same content again does no harm."""

        def send() -> bool:
            try:
                answer = httpx.put(self.here(url), content=content, timeout=60, trust_env=not self._is_ours(url))
            except httpx.TransportError:
                return False
            if answer.is_client_error:
                raise DemoStopped(f"the upload was refused: {answer.status_code} {answer.text[:300]}")
            return answer.is_success

        self.wait_for(send, "the upload")

    def fetch(self, url: str) -> bytes:
        """What lies behind a signed URL."""

        def get() -> bytes | None:
            try:
                answer = httpx.get(self.here(url), timeout=60, trust_env=not self._is_ours(url))
            except httpx.TransportError:
                return None
            return answer.content if answer.is_success else None

        content: bytes = self.wait_for(get, "a delivered file")
        return content

    def _is_ours(self, url: str) -> bool:
        return url.startswith(f"{self.site.base_url}/")

    def here(self, url: str) -> str:
        """A URL of the site as this machine reaches it; the public one may not lead back here."""
        if not self._is_ours(url):
            return url
        parts = urlsplit(url)
        return f"{self.site.local_url}{parts.path}?{parts.query}"

    def left_to_do(self, batch_id: str) -> int:
        """How many items of a batch are not decided yet."""
        states = self.coordinator.get(f"/api/v1/batches/{batch_id}")["items"]
        return sum(count for state, count in states.items() if state not in FINISHED)

    def delivered_lots(self, batch_id: str) -> list[dict[str, Any]]:
        """The batch's lots as the partner sees them."""
        found: list[dict[str, Any]] = self.inspector.get(f"/api/v1/batches/{batch_id}/lots")
        return found

    def cut_lot(self, batch_id: str) -> None:
        """Have what is decided so far delivered as a lot."""
        path = f"/api/v1/batches/{batch_id}/lots"
        while not any(lot["state"] in {"assembling", "delivered"} for lot in self.coordinator.get(path)):
            self.coordinator.attempt("POST", path)
        self.wait_for(lambda: self.lot_to_accept(batch_id), "the lot to be delivered")

    def lot_to_accept(self, batch_id: str) -> bool:
        """Whether a lot of the batch waits for the partner."""
        return any(lot["state"] == "delivered" for lot in self.delivered_lots(batch_id))

    def accept_lots(self, batch_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Wait for each batch's lot, accept them together, wait for their invoices, close the batches; the lots.

        Raises SeveralLots, DemoStopped.
        """
        found = [self.wait_for(partial(self.delivered_lots, one), "the lot to be delivered") for one in batch_ids]
        if any(len(lots) > 1 for lots in found):
            raise SeveralLots(
                "the batch left in several lots, cut on the site meanwhile: the next run begins a new one"
            )
        paths = [f"/api/v1/lots/{lots[0]['id']}" for lots in found]
        for path in paths:
            self.inspector.post(f"{path}/accept")
        accepted: list[dict[str, Any]] = [self.wait_for(partial(self._invoiced, path), "the invoice") for path in paths]
        for batch_id in batch_ids:
            self.coordinator.post(f"/api/v1/batches/{batch_id}/close")
        return accepted

    def _invoiced(self, path: str) -> dict[str, Any] | None:
        lot: dict[str, Any] = self.inspector.get(path)
        return lot if lot["invoice"] else None

    def wait_for(self, look: Look, what: str) -> Any:
        """The first true thing that `look` sees.

        Raises DemoStopped, StartFailed.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            self.site.check()
            if time.monotonic() > deadline:
                raise DemoStopped(f"waited in vain for {what}: see {self.site.supervisor.log_dir}")
            time.sleep(POLL_SECONDS)
        return found
