"""Refit what each annotator confuses, from all answers of a project."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leye_quality.copying import find_copies, one_vote_a_group
from leye_quality.dawid_skene import fit
from leye_quality.dependence import foretell
from leye_quality.posterior import Skill


@dataclass(frozen=True)
class FittedSkills:
    """A skill for each annotator seen, and the class prior."""

    skills: dict[Hashable, Skill]
    prior: tuple[float, ...]
    answers: int


def fit_skills(
    answers: Sequence[tuple[Hashable, Hashable, int]], classes: int, gold: Mapping[Hashable, int] | None = None
) -> FittedSkills:
    """Dawid–Skene over (micro-task, annotator, label index); `gold` gives the known labels of some micro-tasks.

    The answers to a micro-task stand in the order in which they came. Annotators whose answers are copies of each
    other are fitted as one person and share a skill.
    """
    if not answers:
        return FittedSkills({}, (1.0 / classes,) * classes, 0)
    tasks = {task: n for n, task in enumerate(dict.fromkeys(task for task, _, _ in answers))}
    people = {person: n for n, person in enumerate(dict.fromkeys(person for _, person, _ in answers))}
    coded = np.array([(tasks[task], people[person], label) for task, person, label in answers], dtype=np.intp)
    items, who, labels = coded[np.argsort(coded[:, 0], kind="stable")].T
    given = np.bincount(who, minlength=len(people))
    copies = find_copies(items, who, labels, n_items=len(tasks), n_people=len(people), classes=classes)
    if copies.people:
        items, who, labels = one_vote_a_group(items, who, labels, copies)
    known = {tasks[task]: label for task, label in (gold or {}).items() if task in tasks}
    fitted = fit(items, who, labels, n_items=len(tasks), n_people=len(people), classes=classes, known=known)
    dependence = foretell(items, who, labels, fitted, one_by_one=True).dependence
    skills: dict[Hashable, Skill] = {}
    for person, n in people.items():
        rows = fitted.confusions[copies.group_of[n]].tolist()
        skills[person] = Skill(tuple(tuple(row) for row in rows), int(given[n]), dependence)
    return FittedSkills(skills, tuple(fitted.prior.tolist()), len(answers))
