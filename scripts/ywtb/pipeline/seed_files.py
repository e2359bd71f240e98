"""Checks of the seed files as files, before anything parses them.

dbt stops with a traceback at a file that is not UTF-8 or is empty, and at a month without one of
its files. Here every such problem is found at once and named in Chinese, from the text of the files
alone, since any of them may be broken. What the cells say is checked by the models
(`audit.input_problems`).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ywtb.assessment.months import (
    CALENDAR,
    RULE_SEEDS,
    SEED,
    expected_month,
    month_states,
    planned_days,
)
from ywtb.assessment.problem import Problem
from ywtb.intake import store
from ywtb.intake.case_files import check_case_files, counted_indicators
from ywtb.intake.sources import MAX_BYTES
from ywtb.intake.tables import MAX_CELL, too_long
from ywtb.project import Project, SettingsError, load_yaml

MONTH_PATTERN = re.compile(r"[0-9]{4}_(0[1-9]|1[0-2])")

YEARS_AHEAD = 10
"""A month that lies further ahead is a slip; a clock that was set back stops no refresh."""


@dataclass(frozen=True)
class _Feed:
    """A monthly file by its columns, of which the first names what a row is about.

    `required_from` is the day from which no month may come without it, None where each may.
    """

    columns: list[str]
    required_from: str | None


def check_files(project: Project) -> list[Problem]:
    """All problems of the seed files as files: months, names, encoding, header and shape."""
    problems = []
    if store.is_unfinished(project):
        expected = "再次运行 ywtb ingest 或 ywtb refresh，即先行补完"
        problems.append(Problem(".intake", None, None, "有一次收取尚未写完", expected))
    for path in _tables(project.seeds):
        problems += _check_shape(path, str(path.relative_to(project.root)))
    unreadable = {problem.file for problem in problems}
    problems += _check_names(project)
    problems += _check_months(project, unreadable)
    if not problems:
        problems += check_case_files(project)
    return problems


def _tables(folder: Path) -> Iterator[Path]:
    """Everything below a folder that dbt would load as a seed, whatever it is."""
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".csv")


def _check_names(project: Project) -> list[Problem]:
    """Seeds that nobody has described, such as a copy left beside the file itself or elsewhere."""
    known = {
        described.parent / f"{seed['name']}.csv"
        for described in project.seeds.glob("*/_*__seeds.yml")
        for seed in load_yaml(described.read_text(encoding="utf-8"))["seeds"]
    }
    raw = project.seeds / "raw"
    return [
        Problem(
            str(path.relative_to(project.root)),
            None,
            None,
            "不是本项目的种子文件",
            "各文件夹的 _*__seeds.yml 中列有的文件；副本请移走",
        )
        for path in _tables(project.seeds)
        if path not in known and (raw not in path.parents or path.parent == raw)
    ]


def _check_shape(path: Path, name: str) -> list[Problem]:
    if not path.is_file():
        return [Problem(name, None, None, "不是普通文件", "普通文件")]
    size = path.stat().st_size
    if size > MAX_BYTES:
        return [Problem(name, None, None, f"文件有 {size} 字节", f"不超过 {MAX_BYTES} 字节")]
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        row = path.read_bytes()[: error.start].count(b"\n") + 1
        return [Problem(name, row, None, "不是 UTF-8 编码", "UTF-8 编码的文本")]
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        return [Problem(name, row, None, "含有空字符（NUL）", "纯文本")]
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        return [Problem(name, None, None, f"不是完整的 CSV（{error}）", "引号成对的 CSV")]
    breaks = re.findall(r"\r\n|\r|\n", re.sub(r'"[^"]*"', "", text))
    if len(set(breaks)) > 1:
        return [Problem(name, None, None, "各行的换行符不一致", "全文用同一种换行符，如 LF")]
    while rows and not rows[-1]:
        rows.pop()
    if not rows or not any(rows[0]):
        return [Problem(name, 1, None, "没有列名", "第一行为列名")]
    if len(rows) == 1 and "raw" in path.parts[-3:-1]:
        return [Problem(name, 1, None, "只有列名", "至少一行数据；没有数据的文件不放入")]
    header = rows[0]
    repeated = [column for column, count in Counter(header).items() if count > 1]
    problems = [Problem(name, 1, column, "列名重复", "每列名称不同") for column in repeated]
    for number, cells in enumerate(rows[1:], start=2):
        problems += [
            Problem(name, number, column, *too_long(cell))
            for column, cell in zip(header, cells, strict=False)
            if len(cell) > MAX_CELL
        ]
        if len(cells) != len(header):
            problems.append(
                Problem(name, number, None, f"有 {len(cells)} 个单元格", f"{len(header)} 个单元格")
            )
    return problems


def _check_months(project: Project, unreadable: set[str]) -> list[Problem]:
    settings = "dbt_project.yml"
    try:
        months = project.score_months()
    except SettingsError as error:
        return [Problem(settings, None, "score_months", str(error), '列表，如 ["2023_06"]')]
    raw = project.seeds / "raw"
    folders = sorted(folder.name for folder in raw.glob("*") if folder.is_dir())
    collecting: list[str] = []
    problems = []
    try:
        planned_days(project)
    except SettingsError as error:
        if f"seeds/{CALENDAR}.csv" not in unreadable:
            wanted = "月份和计划发布的日期，如 2023-08-28"
            problems.append(Problem(f"seeds/{CALENDAR}.csv", None, None, str(error), wanted))
    try:
        states = month_states(project)
    except SettingsError as error:
        if f"seeds/{SEED}.csv" not in unreadable:
            wanted = "月份、阶段（collecting、draft、final）和日期"
            problems.append(Problem(f"seeds/{SEED}.csv", None, None, str(error), wanted))
    else:
        collecting += [
            month.replace("-", "_")
            for month, state in states.items()
            if state.stage == "collecting"
        ]
    problems += [
        Problem(settings, None, "score_months", f"{month} 还在收数", f"收齐后再列入（{SEED}.csv）")
        for month in months
        if month in collecting
    ]
    problems += [
        Problem(settings, None, "score_months", f"月份 {month}", "形如 2023_06")
        for month in months
        if not MONTH_PATTERN.fullmatch(month)
    ]
    problems += [
        Problem(settings, None, "score_months", f"月份 {month} 列出多次", "每月一次")
        for month, count in Counter(months).items()
        if count > 1
    ]
    if not months:
        problems.append(Problem(settings, None, "score_months", "没有月份", "至少一个月份"))
    problems += [
        Problem(f"seeds/raw/{month}", None, None, "没有该月的文件夹", "与 score_months 一致")
        for month in months
        if month not in folders
    ]
    problems += [
        Problem(settings, None, "score_months", f"缺少 {folder}", "与 seeds/raw/ 下的文件夹一致")
        for folder in folders
        if folder not in (*months, *collecting)
    ]
    known, reference_problems = _known_feeds(project, unreadable)
    problems += reference_problems
    if known:
        for month in filter(MONTH_PATTERN.fullmatch, months):
            if expected := expected_month(project, month, YEARS_AHEAD):
                seen = f"月份 {month}"
                problems.append(Problem(settings, None, "score_months", seen, expected))
            if month in folders:
                problems += _check_month(project, month, known, unreadable)
    return problems


def _known_feeds(project: Project, unreadable: set[str]) -> tuple[dict[str, _Feed], list[Problem]]:
    """The monthly files by feed, from the reference seeds; empty if these cannot say."""
    needed = {
        "dimensions": ["dimension_code"],
        "indicators": ["dimension_code", "indicator_code"],
        "feeds": ["feed_code", "feed_kind", "key_column", "is_required"],
        "feed_columns": ["feed_code", "column_name"],
        **{seed: ["valid_from"] for seed in RULE_SEEDS},
        "group_indicators": ["indicator_code", "valid_from"],
    }
    problems = []
    for seed, wanted in needed.items():
        name = f"seeds/reference/{seed}.csv"
        path = project.root / name
        if name in unreadable:
            continue
        if not path.is_file():
            problems.append(Problem(name, None, None, "没有该文件", "参考数据"))
        else:
            header = _header(path)
            problems += [
                Problem(name, 1, column, "没有该列", "、".join(wanted))
                for column in wanted
                if column not in header
            ]
    if problems or unreadable.intersection(f"seeds/reference/{seed}.csv" for seed in needed):
        return {}, problems
    dimensions = [dimension["dimension_code"] for dimension in project.reference("dimensions")]
    indicators: dict[str, list[str]] = {}
    dimension_of: dict[str, str] = {}
    for row in project.reference("indicators"):
        indicators.setdefault(row["dimension_code"], []).append(row["indicator_code"])
        dimension_of[row["indicator_code"]] = row["dimension_code"]
    reported_from: dict[str, str] = {}
    for row in project.reference("group_indicators"):
        feed = dimension_of.get(row["indicator_code"], "")
        reported_from[feed] = min(reported_from.get(feed, "9999"), row["valid_from"])
    for dimension in sorted(indicators.keys() - set(dimensions)):
        name = "seeds/reference/indicators.csv"
        problems.append(
            Problem(name, None, "dimension_code", f"“{dimension}”", "、".join(dimensions))
        )
    metrics: dict[str, list[str]] = {}
    for row in project.reference("feed_columns"):
        metrics.setdefault(row["feed_code"], []).append(row["column_name"])
    scores = [*(f"{dimension}_score" for dimension in dimensions), "composite_score"]
    feeds = {}
    for row in project.reference("feeds"):
        code = row["feed_code"]
        columns = {
            "indicators": indicators.get(code, []),
            "city_metrics": metrics.get(code, []),
            "published_scores": scores,
        }.get(row["feed_kind"], [])
        is_reported = row["feed_kind"] == "indicators"
        required_from = reported_from.get(code, "9999") if is_reported else ""
        feeds[code] = _Feed(
            [row["key_column"], *columns],
            required_from if row["is_required"] == "true" else None,
        )
    return feeds, problems


def _check_month(
    project: Project, month: str, feeds: dict[str, _Feed], unreadable: set[str]
) -> list[Problem]:
    folder = project.seeds / "raw" / month
    expected = {f"raw_{code}__{month}.csv": feed for code, feed in feeds.items()}
    counted = {indicator for _, indicator in counted_indicators(project, month)}
    problems = [
        Problem(f"seeds/raw/{month}/{name}", None, None, "没有该文件", "每月必备的文件")
        for name, feed in expected.items()
        if feed.required_from is not None
        and feed.required_from[:7] <= month.replace("_", "-")
        and not counted.issuperset(feed.columns[1:])  # else the models say what is missing
        and not (folder / name).is_file()
        and f"seeds/raw/{month}/{name}" not in unreadable
    ]
    for path in _tables(folder):
        name = str(path.relative_to(project.root))
        feed = expected.get(path.name)
        if feed is None or path.parent != folder:
            problems.append(
                Problem(name, None, None, "文件名不在本月文件之列", "、".join(sorted(expected)))
            )
        elif name not in unreadable:
            known = feed.columns
            header = _header(path)
            if len(header) > 1 and header[0] == "city_code":
                header = header[1:]
            if header[0] != known[0]:
                expected_first = f"首列为 {known[0]}，其前只可有 city_code"
                problems.append(Problem(name, 1, header[0], "首列有误", expected_first))
            problems += [
                Problem(name, 1, column, "未知的列", "、".join(known))
                for column in header[1:]
                if column not in known
            ]
    return problems


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))
