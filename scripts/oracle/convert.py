"""Runs under the oracle's own Python: Label Studio's converter over a file of tasks, one folder for each format.

Usage: convert.py CONFIG.xml TASKS.json OUT FORMAT…
"""

import sys
from pathlib import Path

from label_studio_sdk.converter import Converter


def main() -> None:
    config, tasks, out, *formats = sys.argv[1:]
    for name in formats:
        folder = Path(out) / name
        folder.mkdir(parents=True)
        converter = Converter(Path(config).read_text(encoding="utf-8"), out, download_resources=False)
        converter.convert(tasks, str(folder), name, is_dir=False)


main()
