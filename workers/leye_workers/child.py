"""Becomes another program that dies together with the one that started it.

Run as `python -I child.py PARENT_PID PROGRAM ARGUMENTS…`. The kernel's promise (PR_SET_PDEATHSIG) survives
exec. It is asked for here, in a process of its own, because Python code between fork and exec is not safe
in a program with threads. Where there is no such promise, the next start reaps the orphans.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`, unless the parent has died already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
