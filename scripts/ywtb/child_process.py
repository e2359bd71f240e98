"""Processes beside the main one: they run nothing of the current folder and end with it."""

import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.context import SpawnProcess
from pathlib import Path


def start(process: SpawnProcess) -> None:
    """Start a process, which calls `settle` first of all.

    A Python that starts with `-c`, as this one does, looks for modules in the current folder first:
    a file of anybody's called multiprocessing.py would run.
    """
    before = os.environ.get("PYTHONSAFEPATH", "")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        process.start()
    finally:
        os.environ["PYTHONSAFEPATH"] = before


def settle() -> None:
    """Make this process one that a parent can rely on.

    It ends with the parent, even when that is killed; whatever a library prints does not come
    between what the parent prints; no library comes from the current folder, whatever the parent
    was started with.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.dup2(2, 1)
    sys.path = [each for each in sys.path if Path(each).resolve() != Path.cwd()]


def confine(memory: int) -> None:
    """Let this process do nothing but answer its parent, as far as the system can.

    It says nothing, writes no file, has so many bytes of memory and leaves Ctrl-C to the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
