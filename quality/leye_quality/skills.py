"""Refit what each annotator confuses, from all answers of a project."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leye_quality.copying import Copies, find_copies, one_vote_a_group
from leye_quality.dawid_skene import Fit, fit
from leye_quality.dependence import foretell
from leye_quality.majority import Labels
from leye_quality.many_classes import fit_many
from leye_quality.posterior import Skill
from leye_quality.sparse_skill import MATRIX_CLASSES, KnownSkill


@dataclass(frozen=True)
class Crowd:
    """The answers as they were fitted: people and micro-tasks by number, each group of copies as one person.

    items, people, labels: of equal length. place: where each of them stood among the answers that were given. given:
    items, people, labels and places of all answers, copies too, items in rising order. known: the labels of
    gold. fitted: None where classes are too many for matrices.
    """

    names: tuple[Hashable, ...]
    items: Labels
    people: Labels
    labels: Labels
    place: Labels
    given: tuple[Labels, Labels, Labels, Labels]
    copies: Copies
    known: dict[int, int]
    fitted: Fit | None


@dataclass(frozen=True)
class FittedSkills:
    """A skill for each annotator seen, and the class prior. crowd: what they were found from, None for no answers."""

    skills: dict[Hashable, KnownSkill]
    prior: tuple[float, ...]
    answers: int
    crowd: Crowd | None = None


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
    by_item = np.argsort(coded[:, 0], kind="stable")
    items, who, labels = coded[by_item].T
    given = items, who, labels, by_item
    counted = np.bincount(who, minlength=len(people))
    copies = find_copies(items, who, labels, n_items=len(tasks), n_people=len(people), classes=classes)
    if copies.people:
        items, who, labels = one_vote_a_group(items, who, labels, copies)
    known = {tasks[task]: label for task, label in (gold or {}).items() if task in tasks}
    fitted: Fit | None = None
    if classes > MATRIX_CLASSES:
        many = fit_many(items, who, labels, n_items=len(tasks), n_people=len(people), classes=classes, known=known)
        of_groups: list[KnownSkill] = list(many.skills(counted))
        prior = many.prior
    else:
        fitted = fit(items, who, labels, n_items=len(tasks), n_people=len(people), classes=classes, known=known)
        dependence = foretell(items, who, labels, fitted, one_by_one=True).dependence
        of_groups = [Skill(tuple(map(tuple, rows)), 0, dependence) for rows in fitted.confusions.tolist()]
        prior = fitted.prior
    skills = {person: replace(of_groups[copies.group_of[n]], answers=int(counted[n])) for person, n in people.items()}
    place = by_item[_places(given[0], copies.group_of[given[1]], items, who, len(people))]
    crowd = Crowd(tuple(people), items, who, labels, place, given, copies, known, fitted)
    return FittedSkills(skills, tuple(prior.tolist()), len(answers), crowd)


def _places(items: Labels, people: Labels, wanted_items: Labels, wanted_people: Labels, n_people: int) -> Labels:
    """Where each wanted answer stands first among the given ones, by item and person."""
    keys = items * np.intp(n_people) + people
    order = np.argsort(keys, kind="stable")
    found: Labels = order[np.searchsorted(keys[order], wanted_items * np.intp(n_people) + wanted_people)]
    return found
