"""`leye bench pages`: what each home and work page weighs, and how soon it is seen and usable on a thin line.

A real web process, and Chromium with nothing in its cache, at 50 kbit/s, 400 ms latency and a CPU six times slower
(ACCESSIBILITY.md, requirement 28).
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from leye_platform.accounts.rules import Role, home_of
from leye_platform.settings import Settings
from leye_workers.bench.crowd_of_roles import tokens_by_role
from leye_workers.bench.measured_process import measured_process
from leye_workers.bench.town import Town, build_town
from leye_workers.compose import opened
from leye_workers.refusals import CommandRefused
from leye_workers.site import child_environment

ITEMS = 50
LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000 / 8, "uploadThroughput": 50_000 / 8}
SLOWER = 6
TARGETS = {"target_kb": 100, "target_work_kb": 60, "target_first_paint_s": 3.0, "target_usable_s": 8.0}
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# First paint, and when the last module and style had come and the page had run them; seconds since the request.
MOMENTS = """async () => {
  await new Promise((seen) => new PerformanceObserver(seen).observe({ type: "paint", buffered: true }));
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
  const last = Math.max(loaded, ...performance.getEntriesByType("resource").map((one) => one.responseEnd));
  return [paint.startTime / 1000, last / 1000];
}"""
FIGURES = ("kb", "first_paint_s", "usable_s")
PATIENCE_MS = 120_000


def pages(roles: tuple[Role, ...] = tuple(Role)) -> Mapping[str, Any]:
    """Figures by page: `kb` over the wire, `first_paint_s`, `usable_s`; and the worst of each."""
    with tempfile.TemporaryDirectory(prefix="leye-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        with opened(settings) as installation:
            town = build_town(installation, ITEMS)
            tokens = tokens_by_role(installation)
            program = [sys.executable, "-m", "leye_workers.cli", "web", "--port", "0"]
            with measured_process(program, child_environment(settings), Path(folder)) as server:
                wanted = _addresses(server.url, town, tokens, roles)
                _warm(server.url, wanted)
                found = _measured(server.url, wanted)
    worst = {
        f"worst_{name}": max(page[name] for page in found.values()) for name in ("kb", "first_paint_s", "usable_s")
    }
    return worst | TARGETS | {f"{page} {name}": value for page, row in found.items() for name, value in row.items()}


def _addresses(
    url: str, town: Town, tokens: Mapping[Role, str], roles: tuple[Role, ...]
) -> dict[str, tuple[str, str | None]]:
    """Pages by the name that the figures give them: their path, and whose token opens them."""
    wanted: dict[str, tuple[str, str | None]] = {"sign-in": ("/", None)}
    wanted |= {f"{role.value} home": (home_of({role}), tokens[role]) for role in roles}
    claim = httpx.post(
        f"{url}/api/v1/claims",
        json={"project": str(town.project_id)},
        headers={"Authorization": f"Token {town.tokens[0]}"},
        trust_env=False,
    )
    if claim.status_code != httpx.codes.CREATED:
        raise CommandRefused(f"the benchmark got no task: {claim.status_code} {claim.text[:200]}")
    return wanted | {"text task": (f"/work/tasks/{claim.json()['assignment_id']}", town.tokens[0])}


def _warm(url: str, wanted: Mapping[str, tuple[str, str | None]]) -> None:
    """Open every page once: what a server does at its first request is not the line's doing."""
    for path, token in wanted.values():
        headers = {} if token is None else {"Authorization": f"Token {token}"}
        httpx.get(url + path, headers=headers, trust_env=False).raise_for_status()


def _measured(url: str, wanted: Mapping[str, tuple[str, str | None]]) -> dict[str, dict[str, float]]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- a benchmark's tool, not the program's
    except ImportError:
        raise CommandRefused("this benchmark needs Playwright and Chromium: run `make setup-dev` first") from None
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, (path, token) in wanted.items():
            context = browser.new_context(locale="zh-CN")
            if token is not None:
                context.set_extra_http_headers({"Authorization": f"Token {token}"})
            found[name] = _one(context.new_page(), url + path)
            context.close()
        browser.close()
    return found


def _one(page: Any, address: str) -> dict[str, float]:
    """One page on the thin line."""
    sizes: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", LINE)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(address, timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    first_paint, usable = page.evaluate(MOMENTS)
    return {"kb": round(sum(sizes) / 1000, 1), "first_paint_s": round(first_paint, 2), "usable_s": round(usable, 2)}
