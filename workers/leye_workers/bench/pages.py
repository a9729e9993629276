"""`leye bench pages`: what each home and work page weighs, and how soon it is seen and usable on a thin line.

A real web process, and Chromium with nothing in its cache, at 50 kbit/s, 400 ms latency and a CPU six times slower
(ACCESSIBILITY.md, requirement 28).
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import httpx
from PIL import Image

from leye_platform.accounts.rules import Role, home_of
from leye_platform.installation import Installation
from leye_platform.projects.models import Batch
from leye_platform.settings import Settings
from leye_workers.bench.batches import read_and_open, waiting_batch
from leye_workers.bench.crowd_of_roles import tokens_by_role
from leye_workers.bench.measured_process import measured_process
from leye_workers.bench.town import Town, build_town
from leye_workers.compose import opened
from leye_workers.refusals import CommandRefused
from leye_workers.site import child_environment

ITEMS = 50
LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000 / 8, "uploadThroughput": 50_000 / 8}
SLOWER = 6
PICTURE = (1600, 1200)
BOXES_CONFIG = """<View><Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image"><Label value="人"/><Label value="车"/></RectangleLabels></View>"""
TARGETS = {
    "target_kb": 100,
    "target_text_task_kb": 60,
    "target_boxes_task_kb": 150,
    "target_first_paint_s": 3.0,
    "target_usable_s": 8.0,
}
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# First paint; when the last module and style had come and the page had run them; when the last picture had come, or 0.
# Seconds since the request.
MOMENTS = """async () => {
  await new Promise((seen) => new PerformanceObserver(seen).observe({ type: "paint", buffered: true }));
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const loaded = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  const came = performance.getEntriesByType("resource");
  const last = (least, some) => Math.max(least, ...some.map((one) => one.responseEnd)) / 1000;
  const pictures = came.filter((one) => one.initiatorType === "img");
  return [paint.startTime / 1000, last(loaded, came.filter((one) => !pictures.includes(one))), last(0, pictures)];
}"""
FIGURES = ("kb", "first_paint_s", "usable_s")
PATIENCE_MS = 120_000


def pages(roles: tuple[Role, ...] = tuple(Role)) -> Mapping[str, Any]:
    """Figures by page: `kb` over the wire, `first_paint_s`, `usable_s`; and the worst of each.

    Where a page shows a picture, `pictures_s` says when it was whole. Everything else can be used before it.
    """
    with tempfile.TemporaryDirectory(prefix="leye-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        with opened(settings) as installation:
            town, boxes = build_town(installation, ITEMS), _boxes(installation)
            tokens = tokens_by_role(installation)
            program = [sys.executable, "-m", "leye_workers.cli", "web", "--port", "0"]
            with measured_process(program, child_environment(settings), Path(folder)) as server:
                wanted = _addresses(server.url, town, boxes, tokens, roles)
                _warm(server.url, wanted)
                found = _measured(server.url, wanted)
    worst = {
        f"worst_{name}": max(page[name] for page in found.values()) for name in ("kb", "first_paint_s", "usable_s")
    }
    return worst | TARGETS | {f"{page} {name}": value for page, row in found.items() for name, value in row.items()}


def _boxes(installation: Installation) -> UUID:
    """A project with a picture that waits for boxes."""
    batch_id = waiting_batch(installation, "pictures.zip", BOXES_CONFIG)
    picture, packed = io.BytesIO(), io.BytesIO()
    Image.linear_gradient("L").resize(PICTURE).convert("RGB").save(picture, "JPEG")
    with ZipFile(packed, "w") as archive:
        archive.writestr("1.jpg", picture.getvalue())
    read_and_open(installation, batch_id, packed.getvalue())
    with installation.database.read() as session:
        return session.get_one(Batch, batch_id).project_id


def _addresses(
    url: str, town: Town, boxes: UUID, tokens: Mapping[Role, str], roles: tuple[Role, ...]
) -> dict[str, tuple[str, str | None]]:
    """Pages by the name that the figures give them: their path, and whose token opens them."""
    wanted: dict[str, tuple[str, str | None]] = {"sign-in": ("/", None)}
    wanted |= {f"{role.value} home": (home_of({role}), tokens[role]) for role in roles}
    for name, project, token in (("text task", town.project_id, town.tokens[0]), ("boxes task", boxes, town.tokens[1])):
        wanted[name] = (f"/work/tasks/{_claimed(url, project, token)}", token)
    return wanted


def _claimed(url: str, project: UUID, token: str) -> str:
    """The assignment that a person gets in a project."""
    headers = {"Authorization": f"Token {token}"}
    claim = httpx.post(f"{url}/api/v1/claims", json={"project": str(project)}, headers=headers, trust_env=False)
    if claim.status_code != httpx.codes.CREATED:
        raise CommandRefused(f"the benchmark got no task: {claim.status_code} {claim.text[:200]}")
    return str(claim.json()["assignment_id"])


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
        browser.new_page().goto(url + "/accessibility")  # a browser that has just started is slower than any page
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
    first_paint, usable, pictures = page.evaluate(MOMENTS)
    found = {"kb": round(sum(sizes) / 1000, 1), "first_paint_s": round(first_paint, 2), "usable_s": round(usable, 2)}
    return found | ({"pictures_s": round(pictures, 2)} if pictures else {})
