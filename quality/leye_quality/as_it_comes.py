"""The platform's own manner of asking, tried on recorded answers: each is weighed as it comes, once.

Everything is as in a live project: items wait in one queue with so many answers wanted at first, extra answers come
first, the skill of everybody is what the last refit found from the answers so far, and an item that was decided is
not looked at again before its next answer, or a refit. So no answer is judged by one that came later: of all figures on
recorded answers these flatter least.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from leye_quality.answer_files import AnswerFile
from leye_quality.consensus import ConsensusKind, Outcome, combine
from leye_quality.skills import fit_skills
from leye_quality.sparse_skill import KnownSkill
from leye_quality.stopping import Asking, NextStep, Run, learn_asking, next_step

REFIT_EVERY, REFIT_SHARE = 40, 20
"""Answers between refits: so many, and in a large project one in a twentieth of what there is."""


@dataclass(frozen=True)
class Manner:
    """How a project asks. known: items whose truth is known to it as gold; they are not scored. learns: whether it
    learns how long to ask, else each item is to be as sure as wanted. looks_back: whether what was decided is weighed
    again after each refit, while there are items that wait."""

    wanted: float
    start: int = 2
    limit: int = 10
    known: int = 0
    learns: bool = False
    looks_back: bool = False


@dataclass(frozen=True)
class Reached:
    """answers: an item. accuracy: of what the answers come to, of all items. decided: the share that needs no
    reviewer; right: how many of those are right, said: how sure of them one was."""

    answers: float
    accuracy: float
    decided: float
    right: float
    said: float


@dataclass
class _Item:
    left: list[tuple[int, int]]
    given: list[tuple[int, int]] = field(default_factory=list)
    pending: int = 0
    state: NextStep | None = None
    label: int = 0
    sure: float = 0.0


def as_it_comes(file: AnswerFile, truth: dict[str, str], manner: Manner, seed: int) -> Reached:
    """Work through the recorded answers, in an order drawn by the seed, as the platform would."""
    draw = np.random.default_rng(seed)
    items = [_Item([]) for _ in file.items]
    for n in draw.permutation(len(file)).tolist():
        items[file.item_of[n]].left.append((int(file.person_of[n]), int(file.label_of[n])))
    order = [n for n in draw.permutation(len(items)).tolist() if items[n].left]
    truths = {n: file.labels.index(truth[name]) for n, name in enumerate(file.items) if truth.get(name) in file.labels}
    gold = [n for n in order if n in truths][: manner.known]
    work = [n for n in order if n not in set(gold)]
    project = _Project(items, {n: truths[n] for n in gold}, len(file.labels), manner)
    project.work_off(work)
    scored = [n for n in work if n in truths]
    right = {n: items[n].label == truths[n] for n in scored}
    decided = [n for n in scored if items[n].state is NextStep.DECIDE]
    return Reached(
        sum(len(items[n].given) for n in work) / max(len(work), 1),
        sum(right.values()) / max(len(scored), 1),
        len(decided) / max(len(scored), 1),
        sum(right[n] for n in decided) / max(len(decided), 1),
        sum(items[n].sure for n in decided) / max(len(decided), 1),
    )


class _Project:
    def __init__(self, items: list[_Item], gold: dict[int, int], classes: int, manner: Manner) -> None:
        self.items, self.gold, self.classes, self.manner = items, gold, classes, manner
        self.asking = Asking(manner.wanted)
        self.skills: dict[int, KnownSkill] = {}
        self.prior: tuple[float, ...] | None = None
        self.log: list[tuple[int, int, int]] = []
        self.refit_at = REFIT_EVERY
        self.urgent: deque[int] = deque()

    def work_off(self, work: list[int]) -> None:
        """Every item to its end. Each gold item has its first answers beforehand, so far as people are known."""
        for n in self.gold:
            self.items[n].given = self.items[n].left[: self.manner.limit]
            self.log += [(n, *answer) for answer in self.items[n].given]
        queue = deque(n for n in work for _ in range(self.manner.start))
        for n in work:
            self.items[n].pending = self.manner.start
        given = 0
        while self.urgent or queue:
            n = self.urgent.popleft() if self.urgent else queue.popleft()
            item = self.items[n]
            item.pending -= 1
            if item.state is not None or len(item.given) >= len(item.left):
                continue
            answer = item.left[len(item.given)]
            item.given.append(answer)
            self.log.append((n, *answer))
            self.weigh(n)
            given += 1
            if given >= self.refit_at:
                self.refit_at = given + max(REFIT_EVERY, given // REFIT_SHARE)
                self.refit(work)
                if self.manner.looks_back and queue:
                    self.look_back(work)

    def combined(self, given: list[tuple[int, int]]) -> Outcome:
        skills = [self.skills.get(person) for person, _ in given]
        return combine(ConsensusKind.SINGLE, [{label} for _, label in given], skills, self.classes, self.prior)

    def weigh(self, n: int) -> None:
        item, found = self.items[n], self.combined(self.items[n].given)
        item.label, item.sure = next(iter(found.labels)), found.confidence
        step = next_step(
            found.confidence,
            answers=len(item.given),
            wanted=self.manner.start,
            limit=min(self.manner.limit, len(item.left)),
            enough=self.asking.enough,
            pending=item.pending,
            contradictory=found.contradictory,
            hopeless=self.asking.hopeless_at(len(item.given)),
        )
        if step is NextStep.ASK_MORE:
            item.state = None
            item.pending += 1
            self.urgent.append(n)
        elif step is not None:
            item.state = step

    def refit(self, work: list[int]) -> None:
        fitted = fit_skills(self.log, self.classes, dict(self.gold.items()))
        self.skills = {int(str(person)): skill for person, skill in fitted.skills.items()}
        self.prior = fitted.prior
        if self.manner.learns:
            runs = [self.run(self.items[n].given) for n in work if self.items[n].given]
            checks = [self.checked(n) for n in self.gold if len(self.items[n].given) >= self.manner.start]
            manner, before = self.manner, self.asking
            self.asking = learn_asking(
                runs, checks, wanted=manner.wanted, start=manner.start, limit=manner.limit, before=before
            )

    def run(self, given: list[tuple[int, int]]) -> Run:
        confidences: list[float] = []
        for count in range(1, len(given) + 1):
            found = self.combined(given[:count])
            confidences.append(found.confidence)
            if found.contradictory and count >= self.manner.start:
                return Run(confidences, contradicted=True)
        return Run(confidences)

    def checked(self, n: int) -> tuple[float, bool]:
        found = self.combined(self.items[n].given[: self.manner.start])
        return found.confidence, self.gold[n] in found.labels

    def look_back(self, work: list[int]) -> None:
        for n in work:
            if self.items[n].state is NextStep.DECIDE:
                self.weigh(n)
