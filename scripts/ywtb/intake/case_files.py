"""Files of case records, where they are kept: what they are called, and whether they can be read.

What the records say is checked by the models (`audit.input_problems`). Of a record nothing is read
but the columns that `case_columns` names, and no message repeats a line of a file: it may name
people.
"""

import csv
import glob
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ywtb.assessment.problem import Problem
from ywtb.assessment.sql import CSV_OPTIONS, literal
from ywtb.project import Project

PATTERN = re.compile(
    r"city_code=(?P<city>[^/]+)/score_month=(?P<month>\d{4}-\d{2})-01/cases\.(csv|parquet)"
)
EXPECTED = "city_code=511700/score_month=2023-07-01/cases.parquet（或 cases.csv）"


def case_files(project: Project, month: str) -> list[Path]:
    """The files of a month such as 2023_07; none where no case records are kept."""
    folder = project.cases()
    day = f"{month.replace('_', '-')}-01"
    return sorted(folder.glob(f"city_code=*/score_month={day}/cases.*")) if folder else []


def counted_indicators(project: Project, month: str) -> frozenset[tuple[str, str]]:
    """City and indicator of what is counted from the case records of a month such as 2023_07."""
    cities = {path.parent.parent.name.partition("=")[2] for path in case_files(project, month)}
    indicators = project.reference("case_definitions") if cities else []
    return frozenset((city, row["indicator_code"]) for city in cities for row in indicators)


def check_case_files(project: Project) -> list[Problem]:
    """All problems of the files as files: names, headings, encoding and shape.

    Raises:
        SettingsError: dbt_project.yml does not say where they lie.
    """
    folder = project.cases()
    if folder is None:
        return []
    if not folder.is_dir():
        seen = f"没有文件夹 {folder}"
        return [Problem("dbt_project.yml", None, "case_path", seen, "办件记录的文件夹")]
    problems: list[Problem] = []
    cities = [row["city_code"] for row in project.reference("cities")]
    months = project.score_months()
    seen_folders: set[Path] = set()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        found = PATTERN.fullmatch(name)
        if found is None:
            if not path.name.startswith("."):
                problems.append(Problem(name, None, None, "文件名不在办件记录之列", EXPECTED))
        elif found["city"] not in cities:
            seen = f"“{found['city']}”"
            problems.append(Problem(name, None, "city_code", seen, "、".join(cities)))
        elif path.parent in seen_folders:
            problems.append(Problem(name, None, None, "该城市该月已有另一个文件", "只有一个文件"))
        elif found["month"].replace("-", "_") in months:
            problems += _problems(project, path, name)
        seen_folders.add(path.parent)
    return problems


def _problems(project: Project, path: Path, name: str) -> Iterator[Problem]:
    """What is wrong with one file: a heading missing or there twice, or what is no table."""
    file = literal(glob.escape(str(path)))
    is_csv = path.suffix == ".csv"
    wanted = "UTF-8 编码、各行单元格数与列名相同的 CSV" if is_csv else "完整的 Parquet 文件"
    known: dict[str, list[str]] = {}
    for row in project.reference("case_columns"):
        known.setdefault(row["column_name"], []).append(row["heading"])
    with duckdb.connect(":memory:") as connection:
        try:
            headings = _headings(connection, path, file)
            there = {
                column: [heading for heading in headings if heading in names]
                for column, names in known.items()
            }
            for column, names in known.items():
                if len(there[column]) != 1:
                    seen = f"有 {'、'.join(there[column])}" if there[column] else "没有该列"
                    yield Problem(name, 1, names[0], seen, f"其中一列：{'、'.join(names)}")
            if is_csv and all(len(each) == 1 for each in there.values()):
                columns = ", ".join(f"{literal(heading)}: 'varchar'" for heading in headings)
                counts = ", ".join(f'count("{heading}")' for (heading,) in there.values())
                read = f"read_csv({file}, columns = {{{columns}}}, {CSV_OPTIONS})"
                connection.execute(f"select {counts} from {read}")  # noqa: S608
        except (duckdb.Error, UnicodeDecodeError, csv.Error) as error:
            line = re.search(r"Line: (\d+)", str(error))
            yield Problem(name, int(line[1]) if line else None, None, "无法读取", wanted)


def _headings(connection: duckdb.DuckDBPyConnection, path: Path, file: str) -> list[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as opened:
            return next(csv.reader(opened), [])
    return [name for name, *_ in connection.execute(f"describe from {file}").fetchall()]
