"""Skills where classes are many: kept as what was seen, the same numbers as a matrix, at the cost of the answers."""

import json
from itertools import permutations

import numpy as np
import pytest

from leye_quality.consensus import ConsensusKind, combine
from leye_quality.dawid_skene import fit
from leye_quality.dependence import foretell
from leye_quality.flags import FlagKind
from leye_quality.majority import Labels
from leye_quality.many_classes import MOST_CANDIDATES, ManyFit, fit_many
from leye_quality.posterior import LEAST_PROBABILITY, Skill, default_confusion, posterior_of
from leye_quality.skills import fit_skills
from leye_quality.sparse_skill import MATRIX_CLASSES, SparseSkill, plain_skill, read_skill
from leye_task_templates.class_consensus import ClassConsensus
from leye_task_templates.consensus import GivenAnswer

Answers = tuple[Labels, Labels, Labels]


def crowd(
    *, items: int, people: int, each: int, classes: int, seed: int = 0, accuracy: tuple[float, float] = (0.5, 0.97)
) -> tuple[Answers, Labels]:
    """Items in rising order, people, labels; and the truths. Half of the errors are one class up."""
    draw = np.random.default_rng(seed)
    truths = draw.integers(0, classes, items)
    able = draw.uniform(*accuracy, people)
    item = np.repeat(np.arange(items), each)
    person = np.concatenate([draw.choice(people, each, replace=False) for _ in range(items)])
    wrong = np.where(
        draw.random(len(item)) < 0.5,
        (truths[item] + 1) % classes,
        (truths[item] + draw.integers(1, classes, len(item))) % classes,
    )
    return (item, person, np.where(draw.random(len(item)) < able[person], truths[item], wrong)), truths


def fitted(answers: Answers, classes: int, known: dict[int, int] | None = None) -> ManyFit:
    items, people, labels = answers
    sizes = {"n_items": int(items.max()) + 1, "n_people": int(people.max()) + 1}
    return fit_many(items, people, labels, **sizes, classes=classes, known=known)


@pytest.mark.parametrize("known", [{}, {0: 1, 3: 0}])
def test_where_every_class_was_given_to_every_item_it_is_the_fit_of_matrices(known: dict[int, int]) -> None:
    classes = 3
    (items, people, labels), _ = crowd(items=400, people=25, each=9, classes=classes, accuracy=(0.3, 0.7))
    given = np.zeros((400, classes), dtype=bool)
    given[items, labels] = True
    whole = given.sum(axis=1) == classes
    kept = whole[items]
    items, people, labels = (np.cumsum(whole) - 1)[items[kept]], people[kept], labels[kept]
    assert whole.sum() > 200
    sparse = fitted((items, people, labels), classes, known)
    dense = fit(items, people, labels, n_items=int(whole.sum()), n_people=25, classes=classes, known=known)
    dependence = foretell(items, people, labels, dense, one_by_one=True).dependence
    assert sparse.dependence == dependence
    assert sparse.prior == pytest.approx(dense.prior, abs=1e-9)
    counted = np.bincount(people)
    for person, skill in enumerate(sparse.skills(counted)):
        matrix = tuple(map(tuple, dense.confusions[person].tolist()))
        same = Skill(matrix, int(counted[person]), dependence)
        assert skill.mean_accuracy() == pytest.approx(same.mean_accuracy(), abs=1e-9)
        for label in range(classes):
            assert skill.likelihoods(label) == pytest.approx(np.array(same.likelihoods(label)), abs=1e-9)
            assert skill.error_rate(label) == pytest.approx(same.error_rate(label), abs=1e-9)


@pytest.mark.parametrize(("classes", "each"), [(40, 3), (60, 2), (40, 5)])
def test_labels_are_no_less_right_than_with_matrices(classes: int, each: int) -> None:
    answers, truths = crowd(items=1500, people=40, each=each, classes=classes, seed=classes)
    items, people, labels = answers
    sparse = fitted(answers, classes)
    dense = fit(items, people, labels, n_items=1500, n_people=40, classes=classes)
    counted = np.bincount(people)
    matrices = [
        Skill(tuple(map(tuple, rows)), int(n)) for rows, n in zip(dense.confusions.tolist(), counted, strict=True)
    ]
    seen = sparse.skills(counted)
    right = {"sparse": 0, "dense": 0}
    for item, truth in enumerate(truths.tolist()):
        mine = slice(item * each, (item + 1) * each)
        given = [{label} for label in labels[mine].tolist()]
        for name, skills, prior in (
            ("sparse", seen, sparse.prior),
            ("dense", matrices, dense.prior),
        ):
            found = combine("single", given, [skills[person] for person in people[mine]], classes, prior.tolist())
            right[name] += truth in found.labels
    assert right["sparse"] >= right["dense"] - 3


def test_a_record_grows_with_what_was_answered_and_not_with_the_classes() -> None:
    sizes = {}
    for classes in (1000, 10_000):
        (items, people, labels), _ = crowd(items=600, people=30, each=3, classes=classes)
        found = fit_skills(list(zip(items.tolist(), people.tolist(), labels.tolist(), strict=True)), classes)
        for person, skill in found.skills.items():
            assert isinstance(skill, SparseSkill)
            assert len(skill.given) <= 3 * int((people == person).sum())
        sizes[classes] = sum(len(json.dumps(skill.to_json())) for skill in found.skills.values())
    assert sizes[10_000] < 1.5 * sizes[1000]
    assert len(json.dumps(plain_skill(10_000, 0.9, 50).to_json())) < 200


def test_a_record_reads_back_as_the_same_skill() -> None:
    (items, people, labels), _ = crowd(items=300, people=10, each=3, classes=100)
    counted = np.bincount(people)
    for skill in fitted((items, people, labels), 100).skills(counted):
        read = read_skill(json.loads(json.dumps(skill.to_json())))
        assert isinstance(read, SparseSkill)
        assert (read.classes, read.answers, read.dependence) == (skill.classes, skill.answers, skill.dependence)
        for label in (0, 7, 99):
            assert read.likelihoods(label) == pytest.approx(skill.likelihoods(label), abs=1e-3)


def test_records_kept_as_matrices_go_on_being_read_beside_the_new_ones() -> None:
    classes = 40
    old = {"confusion": [list(row) for row in default_confusion(classes, 0.9)], "answers": 100}
    new = plain_skill(classes, 0.9, 100).to_json()
    assert "confusion" not in new
    consensus = ClassConsensus(ConsensusKind.SINGLE, classes)
    found = [
        consensus.combine([[3], [3], [5]], skills, None)
        for skills in ([old, old, old], [new, new, new], [old, new, None], [new, old, None])
    ]
    assert found[0].confidence == pytest.approx(found[1].confidence, abs=1e-9)
    assert found[2].confidence == pytest.approx(found[3].confidence, abs=1e-9)
    assert all(one.labels == [3] for one in found)


@pytest.mark.parametrize("classes", [MATRIX_CLASSES + 1, 64, 65, 1000])
def test_answers_in_any_order_give_the_same_bits(classes: int) -> None:
    skills = [plain_skill(classes, accuracy, 40) for accuracy in (0.6, 0.8, 0.95)]
    given = list(zip([{1}, {1}, {2}], skills, strict=True))
    outcomes = [
        combine("single", [label for label, _ in order], [skill for _, skill in order], classes)
        for order in permutations(given)
    ]
    assert len({outcome.posterior for outcome in outcomes}) == 1
    assert sum(outcomes[0].posterior) == pytest.approx(1.0)


def test_the_posterior_of_many_classes_is_that_of_few_in_arrays() -> None:
    draw = np.random.default_rng(3)
    classes = 100
    evidence = [(draw.uniform(0.0, 0.2, classes), share) for share in (1.0, 0.5, 0.25)]
    prior = draw.dirichlet(np.ones(classes))
    logs = np.log(np.maximum(prior, LEAST_PROBABILITY))
    for column, share in evidence:
        logs += share * np.log(np.maximum(column, LEAST_PROBABILITY))
    wanted = np.exp(logs - logs.max())
    assert posterior_of(evidence, prior.tolist(), classes) == pytest.approx(wanted / wanted.sum(), abs=1e-12)
    assert posterior_of([], None, classes) == pytest.approx([0.01] * classes)


def test_three_strangers_who_agree_on_one_of_a_thousand_classes_are_not_certain() -> None:
    found = combine("single", [{5}, {5}, {5}], [None] * 3, 1000)
    assert found.labels == {5}
    assert 0.99 < found.confidence <= 0.998
    assert sum(found.posterior) == pytest.approx(1.0)


def test_an_item_answered_in_more_ways_than_are_weighed_costs_no_more() -> None:
    people = 4 * MOST_CANDIDATES
    items = np.repeat(np.arange(20), people)
    person = np.tile(np.arange(people), 20)
    labels = (person * 7 + items) % 500
    labels[person < 12] = items[person < 12]
    found = fitted((items, person, labels), 500, known={3: 499})
    assert len(found.counts) <= len(items) * MOST_CANDIDATES
    assert np.isfinite(found.counts).all()
    assert found.accuracies[:12].min() > found.accuracies[12:].max()


def test_gold_tells_of_somebody_who_shares_no_item_with_anybody() -> None:
    answers = [(f"gold{n}", "lone", n % 2) for n in range(40)]
    skill = fit_skills(answers, 200, gold={f"gold{n}": 0 for n in range(40)}).skills["lone"]
    assert skill.answers == 40
    assert skill.error_rate(0) == pytest.approx(1 - (40 * 0.5 + 20 * 0.75) / 60, abs=0.03)


def test_a_stranger_who_answers_alone_stays_one() -> None:
    answers = [(n, n % 4, 7 * n % 300) for n in range(100)]
    for skill in fit_skills(answers, 300).skills.values():
        assert skill.error_rate(0) == pytest.approx(0.25, abs=0.02)


def test_copies_among_many_classes_count_once_and_are_flagged() -> None:
    (items, people, labels), _ = crowd(items=300, people=12, each=4, classes=200, accuracy=(0.6, 0.8))
    key = np.random.default_rng(9).integers(0, 200, 300)
    answers = [
        GivenAnswer(*row, None)
        for row in zip(items.tolist(), people.tolist(), [[n] for n in labels.tolist()], strict=True)
    ]
    answers += [GivenAnswer(item, f"copy{n}", [int(key[item])], None) for item in range(300) for n in range(4)]
    found = ClassConsensus(ConsensusKind.SINGLE, 200).fit(answers)
    kinds = {person: [flag.kind for flag in flags] for person, flags in found.flags.items()}
    assert all(kinds[f"copy{n}"] == [FlagKind.COPIES] for n in range(4))
    assert not any(kinds.get(person) for person in range(12))
