"""`python -m leye_workers.cli` is `leye`."""

from leye_workers.cli import main

main()
