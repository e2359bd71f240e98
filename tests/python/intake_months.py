"""Months to take in: valid ones at random, and ways to write them down as an office would."""

import csv
import hashlib
import io
import random
import shutil
from decimal import Decimal, InvalidOperation
from pathlib import Path

import openpyxl
from openpyxl.workbook import Workbook

from conftest import ROOT
from ywtb.assessment.reference import Reference, month_of
from ywtb.intake import layout as layouts
from ywtb.intake.layout import FeedColumn, Group, Layout, group_of
from ywtb.intake.template import write_template
from ywtb.project import Project

MONTH = "2023-07"
FOLDER = "2023_07"

Sheet = list[list[str]]
"""Header and rows of a feed, as they stand in the template."""
Sheets = dict[str, Sheet]


def copy_seeds(target: Path) -> Project:
    """A project of settings, seeds, and the SQL that reads them, which is all an intake needs."""
    for part in ("seeds", "macros", "models/intermediate"):
        shutil.copytree(ROOT / part, target / part)
    shutil.copy(ROOT / "dbt_project.yml", target / "dbt_project.yml")
    (target / "warehouse").mkdir()
    return Project(target)


def tree_hash(root: Path) -> str:
    """Hash of every file but the lock's."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if "warehouse" not in path.relative_to(root).parts:
            found.update(str(path.relative_to(root)).encode() + b"\0")
            if path.is_file():
                found.update(path.read_bytes())
    return found.hexdigest()


def random_month(layout: Layout, seed: int) -> Sheets:
    """A valid month, with Chinese headings as in the template."""
    chance = random.Random(seed)
    sheets: Sheets = {}
    for feed in layout.feeds:
        header = [feed.key_label, *(column.label for column in feed.columns)]
        rows: Sheet = []
        for row in feed.rows:
            if feed.has_metrics:
                is_rank = row["value_type"] == "rank"
                value = "—" if is_rank else _value(chance, row["value_type"], Decimal(100))
                place = chance.choice(["1", "21", "倒数1"]) if is_rank else chance.choice(["", "3"])
                note = chance.choice(["", "说明，“引号”"])
                rows.append([row["metric_name"], value, place, note])
            else:
                cells = [_cell(chance, column, group_of(row)) for column in feed.columns]
                rows.append([row["unit_name"], *cells])
        if layout.only_city is None:
            header = ["城市", *header]
            cities = {row["city_code"]: row["city_name"] for row in layout.reference.cities}
            rows = [
                [cities[of["city_code"]], *cells] for of, cells in zip(feed.rows, rows, strict=True)
            ]
        sheets[feed.name] = [header, *rows]
    return sheets


def _cell(chance: random.Random, column: FeedColumn, group: Group) -> str:
    if group not in column.limits:
        return ""
    if not column.is_printed and chance.random() < 0.2:
        return "—"
    return _value(chance, column.value_type, column.limits[group][1] or Decimal(100))


def _value(chance: random.Random, value_type: str, maximum: Decimal) -> str:
    if value_type == "percent":
        return chance.choice(["0%", "100%", "99.58%", "0.5%", f"{chance.randint(0, 10000) / 100}%"])
    if value_type == "count":
        return str(chance.choice([0, 1, chance.randint(0, 9999999)]))
    if value_type == "text":
        return chance.choice(["开展联合上门服务", "甲;乙", "a,b"])
    return str(maximum * chance.randint(0, 1000) / 1000)


def number(text: str) -> Decimal | None:
    """The figure in a seed text, or None where it holds none."""
    try:
        return Decimal(text.removesuffix("%"))
    except InvalidOperation:
        return None


def observations(layout: Layout, sheets: Sheets) -> dict[tuple[str, str, str], str | Decimal]:
    """Values by feed, row and column as the models understand them; blank cells are none."""
    found: dict[tuple[str, str, str], str | Decimal] = {}
    codes = {row["metric_name"]: row["metric_code"] for row in layout.reference.city_metrics}
    for feed in layout.feeds:
        for row in sheets[feed.name][1:]:
            for column, text in zip(feed.columns, row[1:], strict=True):
                if text:
                    value = number(text)
                    found[feed.name, codes.get(row[0], row[0]), column.name] = (
                        text if value is None else value
                    )
    return found


def seed_sheets(project: Project, layout: Layout) -> Sheets:
    """What the month's seeds hold."""
    folder = project.seeds / "raw" / FOLDER
    sheets = {}
    for feed in layout.feeds:
        with (folder / feed.seed_name(FOLDER)).open(encoding="utf-8", newline="") as file:
            sheets[feed.name] = list(csv.reader(file))
    return sheets


def write_csvs(
    folder: Path,
    layout: Layout,
    sheets: Sheets,
    encoding: str = "utf-8",
    separator: str = ",",
    line_end: str = "\n",
) -> Path:
    """The month as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for feed in layout.feeds:
        if feed.name in sheets:
            text = io.StringIO(newline="")
            writer = csv.writer(text, delimiter=separator, lineterminator=line_end)
            writer.writerows(sheets[feed.name])
            (folder / feed.seed_name(FOLDER)).write_bytes(text.getvalue().encode(encoding))
    return folder


def filled_workbook(template: bytes, layout: Layout, sheets: Sheets) -> Workbook:
    """The template filled in: figures as numbers, percentages as Excel keeps them."""
    workbook = openpyxl.load_workbook(io.BytesIO(template))
    keys = 1 if layout.only_city else 2
    for feed in layout.feeds:
        sheet = workbook[feed.label]
        for row, cells in enumerate(sheets[feed.name][1:], start=4):
            assert sheet.cell(row, 1).value == cells[0]
            for column, text in enumerate(cells[keys:], start=keys + 1):
                cell = sheet.cell(row, column)
                value = number(text)
                if value is None:
                    cell.value = text or None
                elif text.endswith("%"):
                    cell.value = float(value / 100)
                    assert "%" in cell.number_format
                else:
                    cell.value = float(value) if "." in text else int(text)
    return workbook


def workbook_bytes(workbook: Workbook) -> bytes:
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def empty_template(project: Project, folder: Path) -> bytes:
    (path,) = write_template(project, MONTH, folder, "xlsx")
    return path.read_bytes()


def layout_of(project: Project) -> Layout:
    return layouts.layout_of(Reference.from_seeds(project, month_of(FOLDER)))
