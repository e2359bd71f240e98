"""A folder replaced by another in one step, so that whoever reads sees the old or the new one."""

import ctypes
import errno
import os
import shutil
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def put(source: Path, target: Path, aside: Path) -> None:
    """Make `source` the folder `target`; an older one is exchanged for it in one step.

    Where the system cannot exchange, the older folder is moved to `aside` first: then a death in
    between leaves no `target`, and the caller finishes the next time.

    Raises:
        OSError: the folders cannot be renamed.
    """
    if target.exists():
        if exchange(source, target):
            return
        if aside.exists():
            shutil.rmtree(aside)
        target.rename(aside)
    source.rename(target)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system has no such call.

    Raises:
        OSError: the folders cannot be renamed.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))
