"""Style sheets travel as one, without comments, and say the same; so do the workbench's modules."""

import re
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leye_platform.app import create_app
from leye_platform.installation import Installation
from leye_platform.web.bundle import CannotBundle, bundle
from leye_platform.web.module_graph import modules_of
from leye_platform.web.static_files import (
    SITE,
    STYLES,
    WORKBENCH_ENTRIES,
    styles_address,
    without_comments,
    workbench_address,
)
from web.test_javascript import node, not_es2020


def test_what_is_left_out_says_nothing() -> None:
    assert without_comments("a { b: c; } /* d: e; */\n.f > g, h :checked { i: calc(1px + 2px); }") == (
        "a{b:c}.f > g,h :checked{i:calc(1px + 2px)}"
    )


def test_every_rule_of_every_sheet_is_served_once(installation: Installation) -> None:
    client = TestClient(create_app(installation))
    served = client.get(styles_address())
    assert served.headers["content-type"].startswith("text/css")
    assert "immutable" in served.headers["cache-control"]
    written = "".join((SITE / name).read_text(encoding="utf-8") for name in STYLES)
    plain = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
    assert served.text.count("{") == plain.count("{") > 100
    assert "/*" not in served.text


def test_a_page_is_packed_for_those_who_can_unpack_it(installation: Installation) -> None:
    client = TestClient(create_app(installation))
    packed = client.get("/accessibility", headers={"accept-encoding": "gzip"})
    plain = client.get("/accessibility", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 1.5


def test_a_page_names_all_modules_that_its_modules_need() -> None:
    entry = "/static/workbench/workbench.mjs"
    needed = modules_of(entry)
    assert "/static/messages.mjs" in needed
    assert "/static/workbench/line.mjs" in needed, "what a needed module needs"
    assert entry not in needed
    assert len(needed) == len(set(needed))


def test_what_is_no_style_and_no_module_carries_the_policy_whatever_its_name(installation: Installation) -> None:
    client = TestClient(create_app(installation))
    for path in ("/nowhere.css", "/static/nowhere.mjs", "/help"):
        assert "default-src 'self'" in client.get(path).headers["content-security-policy"], path
    assert "content-security-policy" not in client.get("/static/app.mjs").headers


def module(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_modules_in_one_keep_their_own_names_and_run_once(tmp_path: Path) -> None:
    module(tmp_path, "c.mjs", "// counts\nexport const COUNT = { runs: 0 };\nCOUNT.runs += 1;\n")
    module(
        tmp_path,
        "b.mjs",
        'import { COUNT } from "./c.mjs";\nconst NAME = "b";\nexport function b() { return NAME + COUNT.runs; }\n',
    )
    entry = module(
        tmp_path,
        "a.mjs",
        'import { COUNT as seen } from "./c.mjs";\nimport { b } from "./b.mjs";\nconst NAME = "a";\n'
        "/** @param {string} x */\nconsole.log(NAME, b(), seen.runs);\n",
    )
    one = module(tmp_path, "one.mjs", bundle(entry))
    run = subprocess.run([node(), str(one)], capture_output=True, text=True, check=True)
    assert run.stdout == "a b1 1\n"
    assert "counts" not in one.read_text()


@pytest.mark.parametrize("text", ["export default 1;\n", 'import "./x.mjs";\n', 'import * as x from "./x.mjs";\n'])
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    module(tmp_path, "x.mjs", "export const X = 1;\n")
    with pytest.raises(CannotBundle):
        bundle(module(tmp_path, "a.mjs", text))


def test_modules_that_need_each_other_are_refused(tmp_path: Path) -> None:
    module(tmp_path, "b.mjs", 'import { a } from "./a.mjs";\nexport const b = 1;\n')
    with pytest.raises(CannotBundle):
        bundle(module(tmp_path, "a.mjs", 'import { b } from "./b.mjs";\nexport const a = 1;\n'))


def test_the_workbench_travels_as_one_module_that_old_browsers_read(installation: Installation, tmp_path: Path) -> None:
    served = TestClient(create_app(installation)).get(workbench_address())
    assert served.headers["content-type"].startswith("text/javascript")
    assert not_es2020([module(tmp_path, "workbench.mjs", served.text)]) == ""
    apart = modules_of(*(f"/static/{entry}" for entry in WORKBENCH_ENTRIES))
    assert served.text.count("] = (() => {") == len(apart) + len(WORKBENCH_ENTRIES)
