"""The help page: how the operator is reached, and the keys of each task type as the workbench has them."""

import dataclasses
import re

import pytest
from starlette.testclient import TestClient

from leye_platform.app import create_app
from leye_platform.installation import Installation
from leye_platform.web.workbench import ANY_LABELS, key_rows, tool_commands
from leye_task_templates.registry import templates

CONTACT = "0936-5550123，周一到周五 9:00 到 17:00\n张掖基地二楼，残联旁边"
KEYS = re.compile(r"<kbd>([^<]+)</kbd>")


def same(text: str) -> str:
    return text


@pytest.mark.parametrize("path", ["/help", "/accessibility"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_operators_contact_is_shown_to_everybody_where_there_is_one(installation: Installation, path: str) -> None:
    assert 'class="quoted"' not in TestClient(create_app(installation)).get(path).text
    settings = installation.settings.model_copy(update={"help_contact": CONTACT})
    page = TestClient(create_app(dataclasses.replace(installation, settings=settings))).get(path)
    assert CONTACT in page.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_sign_in_page_says_who_sets_a_forgotten_password_anew(installation: Installation) -> None:
    page = TestClient(create_app(installation)).get("/")
    assert "忘了密码：请组长或项目经理设一个新的。" in page.text


@pytest.mark.parametrize("name", sorted(templates()))
def test_the_table_of_keys_has_every_key_of_the_workbench_and_no_other(name: str) -> None:
    template = templates()[name]
    rows = key_rows(template, same)
    shown = {key for row in rows for key in ("".join(row.keys),) if row.keys != ("1", "9")}
    view = {"choices": ANY_LABELS, "labels": ANY_LABELS}
    own = {
        one["key"] for one in tool_commands(template, view, same) if one.get("key") and one["key"] not in "123456789"
    }
    names = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc", "+": ""}
    for old, new in names.items():
        own = {key.replace(old, new) for key in own}
    assert shown == own
    assert [row.keys for row in rows].count(("1", "9")) == 1, "the digits are one row"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_help_page_tells_the_keys_that_differ_between_task_types(installation: Installation) -> None:
    keys = KEYS.findall(TestClient(create_app(installation)).get("/help").text)
    assert {"T", "X", "Esc", "L", "N", "0", "Z", "S", "H", "Q", "Enter"} <= set(keys)
