"""The files `published/<month>.json`, kept under version control: what was published of a month.

Each says of a city's month what its exports show and how it came to that, with a checksum of both:
a record that was edited, or merged line by line, is told from one that a refresh wrote.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from ywtb.checksums import Damage, DamageError
from ywtb.project import Project

MONTH, CITY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]", "[0-9]" * 6
"""Patterns of names: of a month, and of the folder of a city, where a month has several."""

Content = dict[str, dict[str, dict[str, str]]]
"""Texts by place (such as 附件3), subject (such as a unit) and name (such as 综合得分)."""

FRAME, TEXT, SCORES, DATA, WHOLE = "公文", "通报文字", "得分", "数据", "整月"
"""Places of a change that are looked for by name."""

Event = Literal["published", "corrected", "rolled_back", "withdrawn"]


@dataclass(frozen=True)
class Change:
    """One published text or figure that differs, with the rank that goes with it.

    Of a total, `causes` says why, as far as the release that was corrected is there.
    """

    month: str
    city_code: str
    printed_in: str
    unit_name: str
    column_name: str
    old_value: str | None
    new_value: str | None
    old_rank: int | None = None
    new_rank: int | None = None
    causes: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Change":
        """The change that a row of `audit.revisions` keeps."""
        named = {each.name: row[each.name] for each in fields(cls)[1:]}
        return cls(month=f"{row['score_month']:%Y-%m}", **named)

    def __str__(self) -> str:
        """The change as one line of Chinese."""
        line = (
            f"{self.month} {self.printed_in} {self.unit_name} {self.column_name}："
            f"{_shown(self.old_value)} → {_shown(self.new_value)}"
        )
        if self.old_rank != self.new_rank:
            line += f"（名次 {_shown(self.old_rank)} → {_shown(self.new_rank)}）"
        return f"{line}，其中{self.causes}" if self.causes else line


def _shown(value: str | int | None) -> str:
    return "无" if value is None else str(value)


@dataclass(frozen=True)
class Entry:
    """An event of a month's history: what a release did with it, when, and why."""

    event: Event
    release: str
    at: str
    reason: str | None = None
    changes: tuple[Change, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The entry as its record keeps it: causes only where there are any."""
        changes = [
            {name: value for name, value in vars(each).items() if value or name != "causes"}
            for each in self.changes
        ]
        return {**vars(self), "changes": changes}


@dataclass(frozen=True)
class Record:
    """What stands published of a city's month, how it came to that, and its file.

    `content` is empty where the month was withdrawn.
    """

    path: Path
    month: str
    city_code: str
    content: Content
    history: tuple[Entry, ...]

    @cached_property
    def content_sha256(self) -> str:
        """Checksum of what stands published."""
        return _sha256(self.content)

    def history_sha256(self, count: int) -> str:
        """Checksum of the first entries of the history."""
        return _sha256([entry.as_dict() for entry in self.history[:count]])


def read_records(project: Project, city_code: str | None = None) -> dict[tuple[str, str], Record]:
    """Records by month and city: all, or those of a city and of months that have only one.

    Raises:
        DamageError: a file is no record as it was written, as after a merge with conflicts.
    """
    found = (_read(project, path) for path in _paths(project, city_code or CITY))
    return {(each.month, each.city_code): each for each in found}


def damaged_records(project: Project) -> Iterator[Damage]:
    """Records that are not as they were written."""
    for path in _paths(project):
        try:
            _read(project, path)
        except DamageError as error:
            yield error.damage


def _paths(project: Project, city: str = CITY) -> list[Path]:
    folder = project.root / "published"
    return sorted([*folder.glob(f"{MONTH}.json"), *folder.glob(f"{city}/{MONTH}.json")])


def _read(project: Project, path: Path) -> Record:
    def damaged(why: str) -> DamageError:
        name = str(path.relative_to(project.root))
        return DamageError(Damage(name, f"发布记录{why}", "请从版本库恢复该文件"))

    try:
        record, is_intact = _parsed(path, path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(f"无法读取（{type(error).__name__}: {error}）") from error
    if not is_intact or record.month != path.stem:
        raise damaged("与其中的校验和不符，已在别处被改动")
    return record


@cache  # a refresh reads the records of all months over and over
def _parsed(path: Path, text: bytes) -> tuple[Record, bool]:
    """The record of a file's text, and whether its checksum is that of the text."""
    found = json.loads(text)
    history = tuple(
        Entry(**{**entry, "changes": tuple(Change(**each) for each in entry["changes"])})
        for entry in found["history"]
    )
    record = Record(path, found["month"], found["city_code"], found["content"], history)
    return record, found["sha256"] == _sha256(_content(record))


def write_record(record: Record) -> None:
    """Write a record in one step: a line per subject, so that a difference reads well."""
    path, content = record.path, _content(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.new")
    with written.open("w", encoding="utf-8") as file:
        file.write(_text({"sha256": _sha256(content), **content}, depth=3) + "\n")
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)


def _content(record: Record) -> dict[str, Any]:
    return {
        "month": record.month,
        "city_code": record.city_code,
        "content": record.content,
        "history": [entry.as_dict() for entry in record.history],
    }


def _sha256(content: Any) -> str:
    """Checksum of a record or a part of it, however its file is laid out."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _text(value: Any, depth: int, indent: str = "") -> str:
    """JSON of a value, its first levels spread over lines."""
    inner = indent + " "
    if depth and isinstance(value, dict) and value:
        lines = [
            f"{inner}{_plain(key)}: {_text(each, depth - 1, inner)}" for key, each in value.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if depth and isinstance(value, list | tuple) and value:
        lines = [f"{inner}{_text(each, depth - 1, inner)}" for each in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
