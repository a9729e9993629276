"""The main job end to end: a partner's batch from upload to invoice, worked by a simulated crowd over HTTP."""

from leye_workers.demo.run import run_demo

__all__ = ["run_demo"]
