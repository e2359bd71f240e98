"""What each month follows from, as a checksum: while it stands, nothing needs doing again."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ywtb.assessment.months import CALENDAR, SEED
from ywtb.assessment.reviews import ACKNOWLEDGEMENTS, NOTES, OBJECTIONS
from ywtb.intake.case_files import case_files
from ywtb.project import Project, load_yaml

CODE_FOLDERS = ("models", "macros", "expectations", "seeds")
NOT_CODE = {".csv", ".pyc"}
TOOLS = ("dbt-core", "dbt-duckdb", "duckdb", "great-expectations")
SAID = frozenset({SEED, CALENDAR, OBJECTIONS, ACKNOWLEDGEMENTS, NOTES})
"""Seeds of what is said of months, from which no figure follows but which months count."""

DATES = ("score_month", "valid_from")
"""Columns that say from which month a row of a seed counts."""


def month_checksums(project: Project, is_of_figures: bool = False) -> dict[str, str]:
    """SHA-256 of everything that a month's figures, checks and exports follow from.

    That is the code, the undated seeds, and of the dated seeds and raw files what belongs to the
    month or an earlier one, since a month is compared with those before it. Files of case records,
    which can be large, are told by name, size and time.

    Args:
        project: the checkout.
        is_of_figures: whether what is said of months, such as objections, is left aside: a draft
            that is published has the same figures.

    Returns:
        A checksum by month, such as `2023_06`, oldest first. The seeds must be readable.
    """
    undated, dated = _split_seeds(project, SAID if is_of_figures else frozenset())
    digest = hashlib.sha256(repr([(tool, version(tool)) for tool in TOOLS]).encode())
    digest.update(repr(_settings(project)).encode())
    locked = project.root / "uv.lock"
    digest.update(locked.read_bytes() if locked.is_file() else b"")
    for path in _code(project):
        digest.update(path.read_bytes())
    for line in undated:
        digest.update(line)
    checksums = {}
    days = sorted(dated)
    for month in sorted(project.score_months()):
        last_day = f"{month.replace('_', '-')}-31"
        while days and days[0] <= last_day:
            for line in dated[days.pop(0)]:
                digest.update(line)
        for path in sorted((project.seeds / "raw" / month).glob("*.csv")):
            digest.update(path.name.encode() + path.read_bytes())
        for path in case_files(project, month):
            looks = path.stat()
            digest.update(f"{path.parts[-3:]} {looks.st_size} {looks.st_mtime_ns}".encode())
        checksums[month] = digest.copy().hexdigest()
    return checksums


def seed_checksums(project: Project) -> dict[str, tuple[str, int]]:
    """SHA-256 and size in bytes of every seed but those of months not built, by path."""
    built, found = set(project.score_months()), {}
    for path in sorted(project.seeds.rglob("*.csv")):
        if path.parent.parent.name == "raw" and path.parent.name not in built:
            continue
        content = path.read_bytes()
        name = path.relative_to(project.root).as_posix()
        found[name] = hashlib.sha256(content).hexdigest(), len(content)
    return found


def _settings(project: Project) -> Any:
    """dbt_project.yml but for the months."""
    settings = load_yaml((project.root / "dbt_project.yml").read_text(encoding="utf-8"))
    del settings["vars"]["score_months"]
    return settings


def _code(project: Project) -> Iterator[Path]:
    for folder in (*(project.root / name for name in CODE_FOLDERS), Path(__file__).parents[1]):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in NOT_CODE:
                yield path


def _split_seeds(
    project: Project, left_aside: Collection[str]
) -> tuple[list[bytes], dict[str, list[bytes]]]:
    """Rows of seeds but the raw files: those without a date, and the others by date."""
    erratum_days = {
        erratum["erratum_id"]: erratum["score_month"] for erratum in project.seed("errata/errata")
    }
    undated: list[bytes] = []
    dated: dict[str, list[bytes]] = {}
    for path in sorted(project.seeds.rglob("*.csv")):
        name = path.relative_to(project.seeds).with_suffix("")
        if name.parts[0] == "raw" or str(name) in left_aside:
            continue
        for row in project.seed(str(name)):
            day = _day(row, erratum_days)
            line = repr((name.parts, list(row.items()))).encode()
            (undated if day is None else dated.setdefault(day, [])).append(line)
    return undated, dated


def _day(row: Mapping[str, str], erratum_days: Mapping[str, str]) -> str | None:
    for column in DATES:
        if row.get(column):
            return row[column]
    return erratum_days.get(row.get("erratum_id", ""))
