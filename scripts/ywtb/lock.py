"""One writer at a time: the lock that refresh, ingest and rollback hold."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from ywtb.project import Project


class LockedError(Exception):
    """Another writer is at work; the message says which, since when and where."""


@contextmanager
def writer_lock(project: Project, command: str) -> Iterator[None]:
    """Hold the lock, which the system releases with the process however it ends.

    Args:
        project: the checkout.
        command: what the holder does, for whoever is turned away.

    Raises:
        LockedError: another process holds it.
    """
    project.warehouse.mkdir(parents=True, exist_ok=True)
    holder = project.warehouse / "lock.holder.json"
    lock = FileLock(project.warehouse / "lock", blocking=False)
    try:
        lock.acquire()
    except Timeout as timeout:
        raise LockedError(_described(holder.read_bytes() if holder.exists() else b"")) from timeout
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # the lock holds, even where the disk is full
            holder.write_text(
                json.dumps(
                    {
                        "command": command,
                        "pid": os.getpid(),
                        "host": socket.gethostname(),
                        "since": since,
                    }
                )
            )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _described(content: bytes) -> str:
    try:
        found = json.loads(content)
        return "{command}（进程 {pid}，主机 {host}，始于 {since}）".format(**found)
    except (ValueError, TypeError, KeyError):  # its holder is writing it just now
        return "未知的进程"
