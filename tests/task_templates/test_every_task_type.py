"""Every task type's folder passes its own example."""

import json
from pathlib import Path
from typing import Any

import pytest

import leye_task_templates
from leye_task_templates.consensus import GivenAnswer
from leye_task_templates.label_config import LabelConfig, parse_label_config
from leye_task_templates.registry import TaskTypeUnknown, template_named, templates
from leye_task_templates.template import Need, TaskTemplate

FOLDER = Path(leye_task_templates.__file__).parent
NAMES = sorted(templates())


def example(name: str) -> tuple[TaskTemplate, LabelConfig, dict[str, Any]]:
    content = json.loads((FOLDER / name / "example.json").read_text(encoding="utf-8"))
    return template_named(name), parse_label_config(content["label_config"]), content


@pytest.mark.parametrize("name", NAMES)
def test_the_example_validates_splits_and_merges_back(name: str) -> None:
    template, config, content = example(name)
    assert template.name == name
    assert template.check_config(config) == []
    assert template.validate_row(config, content["data"]) == []
    parts = template.split(config, content["data"])
    assert parts
    decided = template.result_from_form(config, parts[0], content["consensus"])
    assert template.merge([decided] * len(parts)) == decided * len(parts)
    for part in parts:
        view = template.view(config, part)
        assert json.loads(json.dumps(view)) == view
        assert view.keys() >= {"texts", "required"}
        commands = [command.command for command in template.commands(view, str)]
        assert len(set(commands)) == len(commands) > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_of_the_example_is_its_own_canonical_form(name: str) -> None:
    template, config, content = example(name)
    [part, *_] = template.split(config, content["data"])
    for entries in content["answers"]:
        canonical = template.result_from_form(config, part, entries)
        assert template.validate_result(config, part, json.loads(json.dumps(canonical))) == canonical
        assert template.gold_result(config, part, canonical) == canonical
        assert template.result_of(config, part, template.labels_of(config, canonical)) == canonical
        assert template.result_from_form(config, part, template.form_entries(config, canonical)) == canonical
        assert template.describe(config, canonical)
        parts = template.by_class(config, canonical)
        whole = sorted(template.labels_of(config, canonical))
        assert sorted(label for part in parts.values() for label in template.labels_of(config, part)) == whole
        assert len(parts) == 1 or not template.one_class(config)
        assert template.cell(config, canonical)
        assert all(template.quantity(unit, canonical) >= 1 for unit in template.units)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_reaches_its_consensus(name: str) -> None:
    template, config, content = example(name)
    [part, *_] = template.split(config, content["data"])
    answers, wanted = (
        [template.labels_of(config, template.result_from_form(config, part, entries)) for entries in given]
        for given in (content["answers"], [content["consensus"]])
    )
    outcome = template.consensus(config).combine(answers, [None] * len(answers), None)
    assert outcome.labels == wanted[0]
    assert outcome.probability_of(outcome.labels) == pytest.approx(outcome.confidence)
    assert json.loads(json.dumps(outcome.posterior)) == outcome.posterior


@pytest.mark.parametrize("name", NAMES)
def test_what_is_fitted_on_the_example_weighs_its_answers(name: str) -> None:
    template, config, content = example(name)
    [part, *_] = template.split(config, content["data"])
    consensus = template.consensus(config)
    answers = [
        template.labels_of(config, template.result_from_form(config, part, entries)) for entries in content["answers"]
    ]
    people = [f"person {n}" for n in range(len(answers))]
    given = [GivenAnswer(1, person, labels, None) for person, labels in zip(people, answers, strict=True)]
    right = template.labels_of(config, template.result_from_form(config, part, content["consensus"]))
    fitted = consensus.fit([*given, GivenAnswer(2, people[0], right, right)])
    assert fitted.skills.keys() == set(people)
    stored = json.loads(json.dumps([fitted.skills, fitted.prior]))
    outcome = consensus.combine(answers, [stored[0][person] for person in people], stored[1])
    assert consensus.same(outcome.labels, right)
    surer = consensus.combine(
        [*answers, right], [*(stored[0][p] for p in people), consensus.able(0.97, 1000)], stored[1]
    )
    assert surer.probability_of(right) > outcome.probability_of(right)
    assert consensus.agreement(right, right) == 1.0
    assert any(consensus.agreement(one, right) < 1.0 and not consensus.same(one, right) for one in answers)


@pytest.mark.parametrize("name", NAMES)
def test_needs_guides_form_and_tool_stand_in_the_folder(name: str) -> None:
    assert template_named(name).needs <= set(Need)
    assert template_named(name).needs
    texts = {
        file: (FOLDER / name / file).read_text(encoding="utf-8")
        for file in ("GUIDE.zh.md", "GUIDE.en.md", "form.html", "review.html", "tool.mjs")
    }
    assert all(texts.values())
    assert texts["GUIDE.zh.md"].startswith("# ")
    assert texts["GUIDE.en.md"].startswith("# ")
    assert texts["GUIDE.zh.md"].count("\n## ") == texts["GUIDE.en.md"].count("\n## ")
    assert template_named(name).seconds_hint > 0


def test_an_unknown_task_type_is_named() -> None:
    with pytest.raises(TaskTypeUnknown, match="text_classification"):
        template_named("telepathy")
