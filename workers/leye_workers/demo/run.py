"""One run of the demo, from the people's accounts to the files; then the site to look at.

Each step looks first at what is there already, so that a run that was killed goes on where it was.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from leye_platform.installation import Installation
from leye_platform.settings import Settings, read_settings
from leye_workers.compose import opened
from leye_workers.demo.accounts import make_accounts
from leye_workers.demo.annotate import Acknowledgements, Annotator, Reviewer
from leye_workers.demo.boxes import SceneBoxes
from leye_workers.demo.crowd import Step, at_work
from leye_workers.demo.entities import NewsEntities
from leye_workers.demo.files import SUMMARY, Delivered, OutputFolder, summary_of, write_responses, write_results
from leye_workers.demo.http_client import DemoStopped
from leye_workers.demo.kinds import DemoKind, DemoProject
from leye_workers.demo.office import Office, SeveralLots
from leye_workers.demo.options import DemoOptions
from leye_workers.demo.people import SimulatedAnnotator, crowd, office
from leye_workers.demo.run_note import DemoRun, next_number, read_note, write_note
from leye_workers.demo.scenes import draw_scene, scene_name
from leye_workers.demo.sentiment import ReviewSentiment
from leye_workers.demo.showcase import prepare_showcase
from leye_workers.demo.table import Bars, print_sign_ins, print_summary, tell
from leye_workers.demo.texts import reviews
from leye_workers.logs import configure_logging
from leye_workers.site import Site, exit_on_signals, running_site

LOOK_SECONDS = 0.6
CONTACT = "help@demo.example（演示用的地址），周一到周五 9:00–18:00"


def run_demo(options: DemoOptions) -> None:
    """Do the job and leave its files; then serve until Ctrl-C, where that is wanted.

    Raises CommandRefused with a sentence for whatever keeps it from its end.
    """
    started, finished = time.monotonic(), False
    settings = _with_contact(read_settings())
    configure_logging(settings.log, level=logging.WARNING)
    reviews(options.seed, 0, options.items)  # both refuse before anything is begun
    draw_scene(scene_name(options.seed, 1, 1))
    folder = OutputFolder(options.out.absolute())
    exit_on_signals()
    try:
        with (
            running_site(settings, host=options.host, port=options.port) as site,
            opened(site.settings, migrated=False) as installation,
        ):
            demo = Demo(options, folder, site, installation)
            summary = demo.do_the_job(started)
            finished = True
            print_summary(summary, folder.path)
            if options.serve:
                demo.serve(summary)
    except SystemExit:
        if not finished:
            raise DemoStopped("stopped before the end: run it again, and it goes on where it was") from None
        raise


def _with_contact(settings: Settings) -> Settings:
    """The settings with somebody to reach, unless LEYE_HELP_CONTACT names them: pages show what an operator sets."""
    return settings if settings.help_contact else settings.model_copy(update={"help_contact": CONTACT})


class Demo:
    """The people and parts of one run."""

    def __init__(self, options: DemoOptions, folder: OutputFolder, site: Site, installation: Installation) -> None:
        self.folder, self.site, self.installation = folder, site, installation
        out = str(folder.path)
        self.run = self._run_to_do(DemoRun(options.items, options.annotators, options.seed, out))
        kinds: tuple[DemoKind, ...] = (ReviewSentiment(), NewsEntities(), SceneBoxes())
        self.kinds: Mapping[str, DemoKind] = {kind.task_type: kind for kind in kinds}
        self.people: list[SimulatedAnnotator] = crowd(installation.secret, self.run.annotators, self.run.seed)
        self.staff = office(installation.secret)
        self.office = Office(site, {one.role: one for one in [*self.staff, self.people[0].account]})

    def do_the_job(self, started: float) -> dict[str, Any]:
        """From the accounts to the files; what `summary.json` says. `started`: when the clock began, monotonic."""
        make_accounts(self.installation, self.staff, self.people)
        self.site.wait_until_ready()
        projects = [(kind, kind.by_consensus(self.run.annotators)) for kind in self.kinds.values()]
        with Bars() as bars:
            begun = [self._bring_in(kind, project, bars) for kind, project in projects]
            self._work(begun, bars)
            bars.show("accepted, billed", 0, 1)
            lots = self._accept([batch_id for _project_id, batch_id in begun])
            bars.show("accepted, billed", 1, 1)
        delivered = [
            Delivered(project_id, project, kind, lot)
            for (kind, project), (project_id, _batch_id), lot in zip(projects, begun, lots, strict=True)
        ]
        write_results(self.folder, self.office, delivered)
        write_responses(self.folder, self.installation, [lot["batch"] for lot in lots])
        summary = summary_of(self.installation, self.office, self.run, delivered)
        summary["seconds"] = round(time.monotonic() - started, 1)
        self.folder.write_json(SUMMARY, summary)
        write_note(self.installation.settings.data_dir, self.run.ended())
        return summary

    def serve(self, summary: Mapping[str, Any]) -> NoReturn:
        """Have open batches wait for whoever signs in, say as whom, and keep the site up until Ctrl-C."""
        with closing(Acknowledgements(self.folder.acknowledged)) as confirmed:
            waiting = [
                prepare_showcase(self.office, self.run, self.people, kind=kind, confirmed=confirmed)
                for kind in self.kinds.values()
            ]
        write_responses(self.folder, self.installation, [*summary["batches"], *waiting])
        print_sign_ins(self.site.base_url, summary["accounts"])
        tell(f"Ctrl-C stops it. Data: {self.installation.settings.data_dir}")
        while True:
            time.sleep(LOOK_SECONDS)
            self.site.check()

    def _run_to_do(self, wanted: DemoRun) -> DemoRun:
        """The run that was begun and not ended, else `wanted` as the next one."""
        data_dir = self.installation.settings.data_dir
        last = read_note(data_dir)
        if last is not None and not last.finished:
            tell(f"going on with run {last.number}: {last.items} items, {last.annotators} annotators")
            self.folder.take_over(Path(last.out))
            run = replace(last, out=wanted.out)
        else:
            self.folder.clear()
            with self.installation.database.read() as session:
                number = next_number(session)
            run = replace(wanted if last is None else last.followed_by(wanted), number=number)
        write_note(data_dir, run)
        return run

    def _bring_in(self, kind: DemoKind, project: DemoProject, bars: Bars) -> tuple[str, str]:
        """The project and its batch, read and open; their ids."""
        project_id = self.office.project(project)
        told = partial(bars.show, f"{kind.items_named} read", total=1)
        return project_id, self.office.bring_in(project_id, self.run.batch_name, partial(kind.batch, self.run), told)

    def _work(self, begun: Sequence[tuple[str, str]], bars: Bars) -> None:
        """The crowd and the reviewer work until every item is decided. `begun`: ids of projects with their batches."""
        batches = [batch_id for _project_id, batch_id in begun]
        left = self._left_to_do(batches)
        if left == 0:
            return
        total = sum(kind.items(self.run) for kind in self.kinds.values())
        url, seed, kinds = self.site.local_url, self.run.seed, self.kinds

        def begin(number: int, person: SimulatedAnnotator) -> Step:
            # Each begins with another project, so that all of them go forward.
            turn = number % len(begun)
            projects = [project_id for project_id, _batch_id in [*begun[turn:], *begun[:turn]]]
            return partial(Annotator(url, person, kinds, seed, confirmed).work_somewhere, projects)

        def begin_reviewing() -> Step:
            return Reviewer(self.office.sign_in("reviewer"), kinds, seed).review_once

        people = [partial(begin, number, person) for number, person in enumerate(self.people)]
        with (
            closing(Acknowledgements(self.folder.acknowledged)) as confirmed,
            at_work([*people, begin_reviewing]) as crowd_at_work,
        ):
            while left > 0:
                bars.show("items decided", total - left, total)
                time.sleep(LOOK_SECONDS)
                crowd_at_work.check()
                self.site.check()
                left = self._left_to_do(batches)
        bars.show("items decided", total, total)

    def _left_to_do(self, batches: Sequence[str]) -> int:
        return sum(self.office.left_to_do(batch_id) for batch_id in batches)

    def _accept(self, batches: Sequence[str]) -> list[dict[str, Any]]:
        try:
            return self.office.accept_lots(batches)
        except SeveralLots:
            write_note(self.installation.settings.data_dir, self.run.ended())
            raise
