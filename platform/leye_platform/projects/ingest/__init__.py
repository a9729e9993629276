"""Reads what partners upload, row by row, and makes items of it."""

from leye_platform.projects.ingest.run import run_addition as run_addition
from leye_platform.projects.ingest.run import run_ingest as run_ingest
