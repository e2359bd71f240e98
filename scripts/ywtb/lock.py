"""One writer of a folder at a time: the lock that refresh, ingest and rollback hold."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ywtb.project import Project


class LockedError(Exception):
    """Another writer is at work; the message says which, since when and where."""


def writer_lock(project: Project, command: str) -> AbstractContextManager[None]:
    """Hold the lock of a checkout; see `folder_lock`."""
    return folder_lock(project.warehouse, command)


@contextmanager
def folder_lock(folder: Path, command: str) -> Iterator[None]:
    """Hold a folder's lock, which the system releases with the process however it ends.

    Args:
        folder: made where it is missing.
        command: what the holder does, for whoever is turned away.

    Raises:
        LockedError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / "lock.holder.json"
    lock = FileLock(folder / "lock", blocking=False)
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
