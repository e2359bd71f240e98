"""What is wrong with the input, as people and programs are told it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ywtb.assessment.figures import visible


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it is, what was seen and what was expected.

    Attributes:
        file: path or name of the file, or the table.
        row: row of the file, the header being row 1.
        column: the column, by its code where it has one.
        seen: what was seen, in Chinese.
        expected: what was expected, in Chinese.
        unit: whose row it is.
        sheet: the sheet of a workbook.
        title: what people call the column, where that is not its code.
        cell: the cell as a spreadsheet names it, such as B4.
    """

    file: str
    row: int | None
    column: str | None
    seen: str
    expected: str
    unit: str | None = None
    sheet: str | None = None
    title: str | None = None
    cell: str | None = None

    def __str__(self) -> str:
        """The problem as one line of Chinese."""
        place = self.file
        if self.sheet is not None:
            place += f" [{self.sheet}]"
        if self.row is not None:
            place += f" 第{self.row}行"
        if self.unit is not None:
            place += f" {self.unit}"
        if self.column is not None:
            place += f" “{self.title or self.column}”列"
        return visible(f"{place}：{self.seen}；应为：{self.expected}")

    def as_dict(self) -> dict[str, str | int | None]:
        """The problem for programs, which know a column by its code."""
        return {key: value for key, value in asdict(self).items() if key not in ("title", "cell")}


def input_problem(row: Mapping[str, Any], cities: Mapping[str, str]) -> Problem:
    """A row of `audit.input_problems`.

    Args:
        row: by column name.
        cities: names by code, where there are several.
    """
    file = row["source_file"]
    if file.startswith("raw_"):
        file = f"seeds/raw/{row['score_month']:%Y_%m}/{file}"
    elif "/" not in file:
        file = f"seeds/errata/{file}"
    unit = [cities.get(row["city_code"] or ""), row["unit_name"]]
    return Problem(
        file=file,
        row=row["row_no"],
        column=row["column_name"],
        seen="空白" if row["seen_value"] is None else f"“{row['seen_value']}”",
        expected=row["expected"],
        unit=" ".join(each for each in unit if each) or None,
        title=row["column_title"],
    )


INPUT_TEST = "input_problems__none"
"""The data test whose rows are problems of what was received: none where a month is scored."""


@dataclass(frozen=True)
class Failure:
    """A data test that found rows, with what it asserts, or a node that stopped with an error."""

    name: str
    message: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def problems(self, cities: Mapping[str, str]) -> list[Problem]:
        """Problems of what was received that it tells; none where it tells another failure.

        Args:
            cities: names by code, where there are several.
        """
        return [input_problem(row, cities) for row in self.rows if self.name == INPUT_TEST]


MANY = 4
"""From so many of the same mistake on, people are told it once."""

SHOWN, SHOWN_HINTS = 3, 6

_FIGURE = re.compile(r"\d+(?:\.\d+)?%")
_HINT = re.compile(r"，((?:是否指|最接近的是)“[^；]*)$")
"""What is meant in one place, behind what is expected in all of them."""


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Problems as people read them: a mistake that a sheet makes many times is one line."""
    groups: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        groups.setdefault(_mistake(problem), []).append(problem)
    lines = []
    for group in groups.values():
        lines += [_line_of(group)] if len(group) >= MANY else [str(each) for each in group]
    return lines


def _mistake(problem: Problem) -> tuple[object, ...]:
    """What makes two problems the same mistake."""
    is_value = problem.seen.startswith("“")
    seen = "" if is_value else problem.seen
    expected = _FIGURE.sub("%", _HINT.sub("", problem.expected))
    return problem.file, problem.sheet, seen, is_value, expected


def _line_of(problems: Sequence[Problem]) -> str:
    """One line for many problems of the same kind."""
    first = problems[0]
    place = first.file if first.sheet is None else f"{first.file} [{first.sheet}]"
    columns = dict.fromkeys(each.title or each.column for each in problems)
    names = [f"“{name}”列" for name in columns if name is not None]
    if names:
        place += " " + _few(names, SHOWN, f"等 {len(names)} 列")
    cells = [_place(each) for each in problems]
    counted = "格" if all(each.cell for each in problems) else "处"
    place += " " + _few(cells, SHOWN, f"等 {len(cells)} {counted}")
    hints = (_HINT.search(each.expected) for each in problems)
    seen = [
        each.seen if hint is None else f"{each.seen}（{hint[1]}）"
        for each, hint in zip(problems, hints, strict=True)
    ]
    most = SHOWN if seen == [each.seen for each in problems] else SHOWN_HINTS
    told = _few(list(dict.fromkeys(seen)), most, "等")
    return visible(f"{place}：{told}；应为：{_HINT.sub('', first.expected)}")


def _place(problem: Problem) -> str:
    """The shortest name of where a problem is."""
    if problem.cell is not None:
        return problem.cell
    if problem.row is not None:
        return f"第{problem.row}行"
    return problem.unit or problem.title or problem.column or problem.file


def _few(names: list[str], most: int, rest: str) -> str:
    if len(names) <= most:
        return "、".join(names)
    return f"{'、'.join(names[:most])}…{rest}"
