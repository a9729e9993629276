"""The business of a soak: batches come in, people work, a reviewer settles, the partner accepts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace

from soak.material import EndlessReviews

from leye_workers.demo.annotate import Acknowledgements, Annotator, Reviewer
from leye_workers.demo.crowd import at_work
from leye_workers.demo.office import Office
from leye_workers.demo.people import Account, SimulatedAnnotator
from leye_workers.demo.run_note import DemoRun

READS_EVERY = 5.0
ENDS_WITHIN = 600.0


class Place(SimpleNamespace):
    """The site as the demo's office sees it: an address, and nobody to ask after the health of its processes."""

    local_url: str

    @property
    def base_url(self) -> str:
        return self.local_url

    def check(self) -> None:
        """Whether it lives is what the soak's own watchers see to."""


@dataclass
class Business:
    """One project and whoever works in it. told: called now and then with a sentence."""

    urls: Sequence[str]
    staff: Sequence[Account]
    people: Sequence[SimulatedAnnotator]
    rows: int
    seed: int
    confirmed: Acknowledgements
    told: Callable[[str], None]
    accepted: int = 0
    batches: list[str] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Bring in batches one after another for so long, then let the last ones end and be accepted.

        Raises DemoStopped for whatever the site refuses or does not end.
        """
        kind = EndlessReviews()
        place = Place(local_url=self.urls[0], supervisor=SimpleNamespace(log_dir="the soak's folder"))
        office = Office(place, {one.role: one for one in self.staff})
        project = office.project(kind.by_consensus(len(self.people)))
        begin = [partial(self._annotator, n, person, kind, project) for n, person in enumerate(self.people)]
        deadline = time.monotonic() + seconds
        with at_work([*begin, partial(self._reviewer, office, kind)]) as crowd:
            number = 0
            while time.monotonic() < deadline:
                number += 1
                run = DemoRun(self.rows, len(self.people), self.seed, "", number=number)
                self.batches.append(office.bring_in(project, run.batch_name, partial(kind.batch, run), _silently))
                self._until(lambda: office.left_to_do(self.batches[-1]) < self.rows // 4, crowd.check, ENDS_WITHIN)
                self._accept_what_is_done(office)
            self._until(lambda: not self._accept_what_is_done(office), crowd.check, ENDS_WITHIN)

    def _kinds(self, kind: EndlessReviews) -> dict[str, EndlessReviews]:
        return {kind.task_type: kind}

    def _annotator(
        self, number: int, person: SimulatedAnnotator, kind: EndlessReviews, project: str
    ) -> Callable[[], bool]:
        url = self.urls[number % len(self.urls)]
        return partial(Annotator(url, person, self._kinds(kind), self.seed, self.confirmed).work_once, project)

    def _reviewer(self, office: Office, kind: EndlessReviews) -> Callable[[], bool]:
        return Reviewer(office.sign_in("reviewer"), self._kinds(kind), self.seed).review_once

    def _accept_what_is_done(self, office: Office) -> int:
        """Accept the lots of batches whose items are all decided; how many batches are left."""
        left = []
        for batch_id in self.batches:
            if office.left_to_do(batch_id) == 0 and office.lot_to_accept(batch_id):
                office.accept_lots([batch_id])
                self.accepted += self.rows
            else:
                left.append(batch_id)
        self.batches = left
        return len(left)

    def _until(self, done: Callable[[], bool], check: Callable[[], None], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            check()
            self.told(f"{len(self.confirmed.seen)} answers, {self.accepted} items accepted")
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing ended for {seconds:.0f} seconds")
            time.sleep(READS_EVERY)


def _silently(_share: float) -> None:
    """Nobody looks at this bar."""
