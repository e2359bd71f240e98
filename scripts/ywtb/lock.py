"""The one lock of the project: whoever writes a release or the months' seeds holds it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from ywtb.project import Project


class LockedError(Exception):
    """Another refresh or ingest is under way; the message says whose."""


@contextmanager
def hold(project: Project) -> Iterator[None]:
    """Hold the lock, which the system releases with the process however it ends.

    Raises:
        LockedError: another process holds it.
    """
    project.warehouse.mkdir(parents=True, exist_ok=True)
    holder = project.warehouse / "refresh.holder.json"
    lock = FileLock(project.warehouse / "refresh.lock", blocking=False)
    try:
        with lock:
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            holder.write_text(
                json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": begun})
            )
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout as timeout:
        raise LockedError(holder.read_text() if holder.exists() else "") from timeout
