"""The addresses that problem documents give as their type: a page for each, all of them listed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leye_platform.app import create_app
from leye_platform.installation import Installation

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
LOADED_BY_THE_SITE = "import leye_platform.app; from leye_platform.web.error_table import problems_by_code; "

# What a code says stands in no database.
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def client(installation: Installation) -> TestClient:
    return TestClient(create_app(installation), follow_redirects=False)


def documented() -> set[str]:
    """Every code of the reference, those beside the table too."""
    return set(re.findall(r"`([a-z][a-z0-9-]+)` (?:\||\(\d)", REFERENCE.read_text(encoding="utf-8")))


@on_one_database
def test_the_type_of_a_problem_leads_to_a_page_that_says_what_to_do(client: TestClient) -> None:
    refused = client.get("/api/v1/projects/00000000-0000-0000-0000-000000000000").json()
    page = client.get(refused["type"])
    assert page.status_code == 200
    assert refused["title"] in page.text
    assert str(refused["status"]) in page.text


@on_one_database
def test_what_is_filled_in_is_left_open(client: TestClient) -> None:
    page = client.get("/problems/lot-not-delivered").text
    assert "现在是“〈状态〉”" in page
    assert "{" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)


@on_one_database
def test_a_page_is_in_english_too(client: TestClient) -> None:
    assert "There is no such lot" in client.get("/problems/lot-missing?lang=en").text


@on_one_database
def test_a_code_that_nothing_has_is_not_found(client: TestClient) -> None:
    assert client.get("/problems/nothing-of-the-kind").status_code == 404


@on_one_database
def test_every_documented_code_is_listed_and_has_its_page(client: TestClient) -> None:
    codes = documented()
    assert {"lot-missing", "invalid-request", "http", "unforeseen"} <= codes
    listed = set(re.findall(r'href="/problems/([a-z0-9-]+)"', client.get("/problems").text))
    assert listed == codes
    for code in codes:
        assert client.get(f"/problems/{code}").status_code == 200, code


def test_a_web_process_by_itself_knows_every_code() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED_BY_THE_SITE + "print(*problems_by_code())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) == documented()
