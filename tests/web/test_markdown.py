"""Partners' and coordinators' Markdown takes its place in a page, and nothing in it runs."""

import re

import pytest

from leye_platform.web.rendering import markdown


@pytest.mark.parametrize(
    ("source", "top", "tags"),
    [
        ("# 一\n\n## 二\n\n# 三", 2, ["h2", "h3", "h2"]),
        ("# 一\n\n#### 二", 3, ["h3", "h4"]),
        ("### 一", 2, ["h2"]),
        ("# 1\n\n## 2\n\n### 3\n\n#### 4\n\n##### 5\n\n###### 6", 3, ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ("没有标题", 2, []),
    ],
)
def test_headings_begin_below_the_pages_own_and_leave_no_gap(source: str, top: int, tags: list[str]) -> None:
    assert re.findall(r"<(h\d)>", markdown(source, top)) == tags


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[点](javascript:alert(1))",
        "![图](data:text/html,x)",
    ],
)
def test_nothing_in_it_runs(source: str) -> None:
    html = markdown(source)
    assert not re.search(r"<(script|img)|<[^>]*(href|src)=", html)
