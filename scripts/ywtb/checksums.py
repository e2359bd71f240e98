"""Folders of files that stay as they were written: sealed with the SHA-256 of each.

A folder's manifest is a JSON object of which `files` holds checksums by path within the folder.
What else lies there, such as what a file manager leaves, is nobody's business.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
WRITABLE = 0o222


@dataclass(frozen=True)
class Damage:
    """A file of ours that is not as it was left: which, what is wrong, what to do; in Chinese."""

    file: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """The damage as one line."""
        return f"{self.file} {self.problem}；{self.remedy}"


class DamageError(Exception):
    """A file of ours is needed and is not as it was left; the message is its `Damage`."""

    def __init__(self, damage: Damage) -> None:
        """Keep the damage for whoever knows another remedy."""
        super().__init__(str(damage))
        self.damage = damage


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder and below, by path within it."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the folder's manifest, which says `facts` too, and make every file read-only."""
    manifest = folder / MANIFEST
    content = {**facts, "files": checksums(folder)}
    manifest.write_text(f"{json.dumps(content, ensure_ascii=False, indent=1)}\n", encoding="utf-8")
    for path in (manifest, *(folder / name for name in content["files"])):
        path.chmod(path.stat().st_mode & ~WRITABLE)


def read_manifest(path: Path) -> dict[str, Any] | None:
    """What a manifest says; None where there is none, or it is cut short or something else."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None


def changed_files(manifest: Path) -> list[tuple[Path, str]]:
    """Files that are not as the manifest beside them says, each with what is wrong, in Chinese."""
    sealed = read_manifest(manifest)
    if sealed is None:
        return [(manifest, "不存在或无法读取，其中应有各文件的校验和")]
    found = []
    for name, checksum in sealed["files"].items():
        path = Path(os.path.normpath(manifest.parent / name))
        try:
            if _sha256(path) != checksum:
                found.append((path, "与写出时的校验和不符，已被改动或截断"))
        except (OSError, ValueError):
            found.append((path, "不存在或无法读取"))
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
