"""Style sheets travel as one, without comments, and say the same; so do modules. All of it is packed for thin lines."""

import gzip
import re
import subprocess
from pathlib import Path

import brotli
import pytest
from starlette.testclient import TestClient

from leye_platform.app import create_app
from leye_platform.installation import Installation
from leye_platform.web.bundle import CannotBundle, bundle
from leye_platform.web.packing import packed, packed_once
from leye_platform.web.static_files import ASSETS, MODULES, SITE, asset_address, without_comments
from web.test_javascript import node, not_es2020


def test_what_is_left_out_says_nothing() -> None:
    assert without_comments("a { b: c; } /* d: e; */\n.f > g, h :checked { i: calc(1px + 2px); }") == (
        "a{b:c}.f > g,h :checked{i:calc(1px + 2px)}"
    )


def test_every_rule_of_every_sheet_is_served_once(installation: Installation) -> None:
    client = TestClient(create_app(installation))
    served = client.get(asset_address("site.css"))
    assert served.headers["content-type"].startswith("text/css")
    assert "immutable" in served.headers["cache-control"]
    written = "".join(path.read_text(encoding="utf-8") for path in ASSETS["site.css"])
    plain = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
    assert served.text.count("{") == plain.count("{") > 100
    assert "/*" not in served.text


@pytest.mark.parametrize("address", ["/accessibility", asset_address("site.css"), asset_address("workbench.mjs")])
def test_what_is_sent_is_packed_for_those_who_can_unpack_it(installation: Installation, address: str) -> None:
    client = TestClient(create_app(installation))
    sizes = {}
    for accepted, coding in (("identity", None), ("gzip", "gzip"), ("gzip, deflate, br", "br")):
        sent = client.get(address, headers={"accept-encoding": accepted})
        assert sent.headers.get("content-encoding") == coding
        assert sent.headers["vary"] == "Accept-Encoding"
        sizes[accepted] = int(sent.headers["content-length"])
    assert sizes["gzip, deflate, br"] < 0.97 * sizes["gzip"] < 0.6 * sizes["identity"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("deflate", None),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, BR;q=0.1", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000, gzip ;q=0", None),
        ("brotli", None),
    ],
)
def test_packing_is_what_the_client_accepts(accepted: str, coding: str | None) -> None:
    content = "一页里的话。".encode() * 200
    unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}[coding]
    for way in (packed, packed_once):
        body, headers = way(content, accepted)
        assert headers.get("content-encoding") == coding
        assert unpack(body) == content


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
    one = module(tmp_path, "one.mjs", bundle(str(entry)))
    run = subprocess.run([node(), str(one)], capture_output=True, text=True, check=True)
    assert run.stdout == "a b1 1\n"
    assert "counts" not in one.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "export default 1;\n",
        'import "./x.mjs";\n',
        'import * as x from "./x.mjs";\n',
        "const a = 1;\nexport { a as z };\n",
        "const a = 1;\nexport { a, };\n",
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    module(tmp_path, "x.mjs", "export const X = 1;\n")
    with pytest.raises(CannotBundle):
        bundle(str(module(tmp_path, "a.mjs", text)))


def test_modules_that_need_each_other_are_refused(tmp_path: Path) -> None:
    module(tmp_path, "b.mjs", 'import { a } from "./a.mjs";\nexport const b = 1;\n')
    with pytest.raises(CannotBundle):
        bundle(str(module(tmp_path, "a.mjs", 'import { b } from "./b.mjs";\nexport const a = 1;\n')))


def test_one_module_exports_what_its_entry_hands_on(tmp_path: Path) -> None:
    module(tmp_path, "b.mjs", "export const one = 1;\nexport function two() { return 2; }\n")
    module(tmp_path, "c.mjs", "export const five = 5;\n")
    entry = module(
        tmp_path,
        "a.mjs",
        'import { five } from "./c.mjs";\nexport { one, two } from "./b.mjs";\n'
        "export { five };\nexport const three = 3;\n",
    )
    module(tmp_path, "one.mjs", bundle(str(entry), exported=True))
    reader = module(
        tmp_path,
        "reader.mjs",
        'import * as all from "./one.mjs";\nconsole.log(Object.keys(all).sort().join(), all.two(), all.five);\n',
    )
    run = subprocess.run([node(), str(reader)], capture_output=True, text=True, check=True)
    assert run.stdout == "five,one,three,two 2 5\n"


@pytest.mark.parametrize("name", [name for name in ASSETS if name.endswith(".mjs")])
def test_modules_travel_as_one_that_old_browsers_read(installation: Installation, tmp_path: Path, name: str) -> None:
    served = TestClient(create_app(installation)).get(asset_address(name))
    assert served.headers["content-type"].startswith("text/javascript")
    assert "immutable" in served.headers["cache-control"]
    assert not_es2020([module(tmp_path, "served.mjs", served.text)]) == ""
    assert not re.search(r"^(import|export) .* from", served.text, re.MULTILINE), "nothing more is asked for"


def test_every_task_type_has_its_tool_and_styles_among_them() -> None:
    for folder in MODULES:
        for path in (folder / "tool.mjs", *folder.glob("*.css")):
            assert f"task_templates/{folder.name}/{path.name}" in ASSETS
    assert (SITE / "workbench" / "workbench.mjs") in ASSETS["workbench.mjs"]


@pytest.mark.parametrize("address", [asset_address("site.css"), asset_address("app.mjs")])
def test_what_is_refused_is_not_sent_and_nothing_but_reading_is_answered(
    installation: Installation, address: str
) -> None:
    client = TestClient(create_app(installation))
    assert "content-encoding" not in client.get(address, headers={"accept-encoding": "gzip;q=0, br;q=0"}).headers
    assert client.get(address, headers={"accept-encoding": "br;q=0, gzip"}).headers["vary"] == "Accept-Encoding"
    assert client.head(address).status_code == 200
    for method in ("POST", "DELETE"):
        assert client.request(method, address).status_code == 405
