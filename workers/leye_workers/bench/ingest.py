"""`leye bench ingest`: what a row costs on its way from a stored file to items, and what a picture costs.

The very jobs that runners run, on SQLite in a folder of its own. Beside each stands a yardstick from the same run: the
least that the same bytes can cost here, without a rule, a check or a second table.
"""

import hashlib
import io
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import orjson
from PIL import Image

from leye_platform.installation import Installation
from leye_platform.projects.ingest.run import CHUNK
from leye_platform.projects.models import Batch
from leye_platform.settings import Settings
from leye_workers.bench.batches import reading, waiting_batch
from leye_workers.bench.figures import Figure, figure
from leye_workers.compose import opened
from leye_workers.refusals import CommandRefused

ROWS, PICTURES, WIDTH, HEIGHT = 100_000, 40, 4000, 3000
BROKEN_EVERY = 1_000
"""One row of so many cannot be taken, so that refusals are part of what is measured."""
TEXT = "第 {} 条：房间不大，倒也干净，前台换了三个人才办好入住，早餐的粥很好喝，隔壁装修从早上八点吵到中午。"
TEXT_CONFIG = """<View><Text name="text" value="$review"/>
<Choices name="sentiment" toName="text"><Choice value="正面"/><Choice value="负面"/></Choices></View>"""
PICTURE_CONFIG = """<View><Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image"><Label value="人"/><Label value="车"/></RectangleLabels></View>"""


def ingest(rows: int = ROWS, pictures: int = PICTURES) -> Mapping[str, Any]:
    """The figures: CPU milliseconds a row, pictures a CPU second, and the most memory that either took."""
    with (
        tempfile.TemporaryDirectory(prefix="leye-bench-") as folder,
        opened(Settings(data_dir=Path(folder) / "data")) as site,
    ):
        before = _memory_mb()
        found = _rows(site, Path(folder), rows) | {"memory_mb": _memory(before)} | _pictures(site, pictures)
    return {"rows": rows, "pictures": pictures} | found


def _rows(site: Installation, folder: Path, rows: int) -> dict[str, Any]:
    path = folder / "rows.jsonl"
    with path.open("wb") as file:
        for n in range(rows):
            text = "" if n % BROKEN_EVERY == BROKEN_EVERY - 1 else TEXT.format(n) * 4
            file.write(orjson.dumps({"review": text, "external_id": f"R-{n}"}) + b"\n")
    _read(site, "warm.jsonl", path.open("rb").readline(), TEXT_CONFIG, 1)
    bare, _ = _spent(lambda: _bare_rows(path, folder / "bare.sqlite3"))
    with path.open("rb") as file:
        cpu, wall = _read(site, path.name, file, TEXT_CONFIG, rows - rows // BROKEN_EVERY)
    beside = {"yardstick": round(1000 * bare / rows, 4), "times_the_yardstick": round(cpu / bare, 2)}
    return {
        "cpu_ms_a_row": figure(1000 * cpu / rows, must=0.10, aim=0.05, at_most=True, beside=beside),
        "rows_a_second": round(rows / wall),
        "seconds_for_a_million": figure(wall / rows * 1_000_000, must=300, aim=120, at_most=True),
    }


def _bare_rows(path: Path, database: Path) -> None:
    """Each line parsed, hashed and stored with its text in one table, in the same transactions as the site's."""
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, number INTEGER UNIQUE, hash BLOB, data TEXT)")
    with path.open("rb") as file:
        number = 0
        while lines := [line for _, line in zip(range(CHUNK), file, strict=False)]:
            found = []
            for line in lines:
                number += 1
                row = orjson.loads(line)
                found.append((uuid4().hex, number, hashlib.sha256(line).digest(), row["review"]))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", found)
            connection.execute("COMMIT")
    connection.close()


def _pictures(site: Installation, pictures: int) -> dict[str, Any]:
    _read(site, "warm.zip", _photographs(1, seed=2), PICTURE_CONFIG, 1)
    content = _photographs(pictures)
    bare, _ = _spent(lambda: _bare_pictures(content))
    cpu, wall = _read(site, "pictures.zip", content, PICTURE_CONFIG, pictures)
    beside = {"yardstick": round(pictures / bare, 1), "mb_each": round(len(content) / pictures / 1e6, 1)}
    return {
        "pictures_a_cpu_second": figure(pictures / cpu, must=20, aim=30, beside=beside),
        "pictures_a_second": round(pictures / wall, 1),
    }


def _photographs(pictures: int, seed: int = 1) -> bytes:
    """A zip of noisy pictures of twelve megapixels, all different."""
    draw, packed = np.random.default_rng(seed), io.BytesIO()
    coarse = draw.integers(40, 215, (8, 8, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT)), dtype=np.int16)
    noisy = (soft + draw.integers(-20, 20, soft.shape, dtype=np.int16)).astype(np.uint8)
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        for n in range(pictures):
            file = io.BytesIO()
            Image.fromarray(np.roll(noisy, 97 * n, axis=1)).save(file, "JPEG", quality=86)
            archive.writestr(f"{n:05}.jpg", file.getvalue())
    return packed.getvalue()


def _bare_pictures(content: bytes) -> None:
    """Each picture hashed, decoded as far as a thumbnail needs, and the thumbnail encoded; nothing stored."""
    with ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            file = archive.read(name)
            hashlib.sha256(file).digest()
            picture = Image.open(io.BytesIO(file))
            picture.draft("RGB", (256, 256))
            picture.thumbnail((256, 256))
            picture.save(io.BytesIO(), "JPEG")


def _read(site: Installation, name: str, file: Any, config: str, wanted: int) -> tuple[float, float]:
    """CPU and wall seconds of the job that reads a file. Raises CommandRefused where not all `wanted` rows came in."""
    batch_id = waiting_batch(site, name, config)
    spent = _spent(reading(site, batch_id, file))
    with site.database.read() as session:
        batch = session.get_one(Batch, batch_id)
        if batch.rows_in != wanted:
            raise CommandRefused(f"{name}: {batch.rows_in} rows came in, not {wanted}: {batch.problem}")
    return spent


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory(before: float) -> Figure:
    return figure(round(_memory_mb()), must=300, at_most=True, beside={"before": round(before)})
