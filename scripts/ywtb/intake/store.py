"""Writing of a month: all of it or nothing, whatever moment the process dies at.

An intake is prepared in `.intake/new` and decided by renaming that folder to `.intake/ready`. What
is decided is then carried out in this order, every step of which may be repeated:

1. originals and records move into `archive/YYYY_MM/`;
2. the month's folder of seeds is exchanged for the new one in one step;
3. once it is whole, the month is added to `score_months`, and its stage to `months.csv` (files
   replaced in one step);
4. `.intake/ready` is removed.

A month that is taken back goes the other way: 3, then 2, as a folder of seeds without its month is
ignored by dbt, and a month without its folder is not. Whoever holds the lock calls `recover` first,
which discards what was not decided and carries out what was, so that no death in between needs work
by hand.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from ywtb import atomic_folder
from ywtb.assessment.months import MonthState, write_state
from ywtb.checksums import Damage, DamageError, changed_files
from ywtb.project import Project, SettingsError, broken_yaml, settings_text
from ywtb.release.releases import ids

SEEDS = "seeds"
RECORD = "intake.json"
MONTH_FOLDER = "[0-9][0-9][0-9][0-9]_[0-9][0-9]"


def archive_folder(project: Project, month: str) -> Path:
    """Where the originals and records of a month are kept; outside seeds/, which dbt reads."""
    return project.root / "archive" / month


def damaged_archives(project: Project) -> Iterator[Damage]:
    """What of the archive is not as it was put there."""
    for month in sorted((project.root / "archive").glob(MONTH_FOLDER)):
        for stamp in ids(month):
            for path, problem in changed_files(month / stamp / RECORD):
                name = str(path.relative_to(project.root))
                yield Damage(name, problem, "请从版本库恢复该文件")


def month_folder(project: Project, month: str) -> Path:
    """The month's seeds."""
    return project.seeds / "raw" / month


def commit(
    project: Project,
    month: str,
    seeds: dict[str, bytes],
    kept: dict[str, bytes],
    state: MonthState | None,
) -> None:
    """Write and commit an intake, then carry it out.

    Args:
        project: the checkout; its lock is held.
        month: such as 2023_07.
        seeds: complete new content of the month's folder by file name.
        kept: what goes into the archive of the month, by relative path; a file that is there
            already stays.
        state: how far the month has come then; None to take it back.
    """
    new = _new(project)
    try:
        for name, content in seeds.items():
            _write(new / SEEDS / name, content)
        for name, content in kept.items():
            _write(new / "archive" / name, content)
        order = {
            "month": month,
            "seeds": {name: _digest(data) for name, data in seeds.items()},
            "state": state and asdict(state),
        }
        _write(new / RECORD, json.dumps(order, indent=1, default=str).encode())
        with_months(project.root / "dbt_project.yml", add=[month])
    except BaseException:
        _discard(project)
        raise
    _sync(new)
    new.rename(_ready(project))
    _sync(new.parent)
    _carry_out(project)


def recover(project: Project) -> None:
    """Finish an intake that was decided and discard one that was not. The lock is held."""
    if _ready(project).exists():
        _carry_out(project)
    _discard(project)


def is_unfinished(project: Project) -> bool:
    """Whether an intake was decided and not carried out; the next writer does so."""
    return _ready(project).exists()


def _carry_out(project: Project) -> None:
    ready = _ready(project)
    try:
        order = json.loads((ready / RECORD).read_bytes())
        month, seeds = order["month"], dict(order["seeds"])
        state = order["state"] and MonthState.of(order["state"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "请删去 .intake 文件夹，重新收取该月"
        name = str((ready / RECORD).relative_to(project.root))
        raise DamageError(Damage(name, f"无法读取（{error}）", remedy)) from error
    for path in sorted((ready / "archive").rglob("*")):
        if path.is_file():
            target = archive_folder(project, month) / path.relative_to(ready / "archive")
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    folder = month_folder(project, month)
    if state is None:
        list_month(project, month, is_built=False)
        write_state(project, month.replace("_", "-"), None)
        if folder.exists():
            folder.rename(ready / "before")
    else:
        if _digests(folder) != seeds:
            folder.parent.mkdir(parents=True, exist_ok=True)
            atomic_folder.put(ready / SEEDS, folder, ready / "before")
            _sync(folder.parent)
        list_month(project, month, is_built=state.stage != "collecting")
        write_state(project, state.month, state)
    ready.rename(project.root / ".intake" / "done")
    _discard(project)


def list_month(project: Project, month: str, is_built: bool) -> None:
    """Have `month` in `score_months` of dbt_project.yml or not; the rest of the file stays."""
    settings = project.root / "dbt_project.yml"
    add, drop = ([month], []) if is_built else ([], [month])
    text = with_months(settings, add, drop)
    if text != settings.read_text(encoding="utf-8"):
        written = project.root / ".intake" / "dbt_project.yml"
        _write(written, text.encode())
        shutil.copymode(settings, written)
        written.replace(settings)


def with_months(settings: Path, add: Sequence[str], drop: Sequence[str] = ()) -> str:
    """Text of dbt_project.yml with months added to `score_months`, oldest first, or dropped.

    Raises:
        SettingsError: there is no list of months.
    """
    text = settings_text(settings)
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise broken_yaml(error) from error
    for name in ("vars", "score_months"):
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == name), None)
    if not isinstance(node, yaml.SequenceNode):
        raise SettingsError("dbt_project.yml 的 vars 中没有 score_months 列表")
    months = [str(item.value) for item in node.value]
    wanted = sorted({*months, *add} - {*drop})
    if wanted == sorted(months):
        return text
    listed = ", ".join(f'"{each}"' for each in wanted)
    end = node.end_mark.index if node.flow_style else node.value[-1].end_mark.index
    return f"{text[: node.start_mark.index]}[{listed}]{text[end:]}"


def _new(project: Project) -> Path:
    return project.root / ".intake" / "new"


def _ready(project: Project) -> Path:
    return project.root / ".intake" / "ready"


def _discard(project: Project) -> None:
    folder = project.root / ".intake"
    if folder.exists():
        shutil.rmtree(folder)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder and below durable."""
    for path in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {path.name: _digest(path.read_bytes()) for path in folder.iterdir() if path.is_file()}
