"""What a run of the suites found: for people, for programs and for the release."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ywtb.assessment.problem import Problem
from ywtb.expectations.suites import PARTS

TABLE = "audit.expectation_results"
_TABLE_COMMENT = (
    "Great Expectations of the release, on what arrived and on what leaves: one row per month, "
    "city, suite and expectation, failed or not."
)
_COLUMNS = {
    "score_month": ("date", "Month assessed, as the first of the month."),
    "city_code": ("varchar", "City assessed."),
    "part": ("varchar", "raw: of what arrived; marts: of what leaves."),
    "suite": ("varchar", "Suite: two files of expectations/<part>."),
    "suite_title": ("varchar", "What the suite looks at, in Chinese."),
    "expectation_no": ("integer", "Position of the expectation in its suite, from 1."),
    "expectation": ("varchar", "Type of the expectation in Great Expectations."),
    "column_name": ("varchar", "Column of the suite's rows that it judges."),
    "expected": ("varchar", "What was expected, in Chinese."),
    "observed": ("varchar", "How many of the rows were not as expected, in Chinese."),
    "unexpected_values": (
        "struct(place varchar, source_row integer, unit_name varchar, column_name varchar, "
        "column_title varchar, seen_value varchar, expected_value varchar)[]",
        "Rows that were not as expected: where (a monthly file or a table), whose, what was seen.",
    ),
    "severity": ("varchar", "stop: a failure refuses the release; warn: it is only shown."),
    "is_success": ("boolean", "Whether the expectation was met."),
    "message": ("varchar", "What is wrong, in Chinese, one line per value; NULL when met."),
}


@dataclass(frozen=True)
class Unexpected:
    """One row that was not as expected.

    Attributes:
        place: the monthly file or the table that it stands in.
        row: its row in the monthly file.
        unit: whose it is, or which group's or metric's; with the city where there are several.
        column: code of its column.
        title: Chinese name of the column.
        value: what was seen.
        wanted: what the expectation compared it with.
    """

    place: str | None
    row: int | None
    unit: str | None
    column: str | None
    title: str | None
    value: str | None
    wanted: str | None


@dataclass(frozen=True)
class Result:
    """One expectation of one suite for one month and city.

    Attributes:
        month: such as `2023-06`.
        city_code: the city.
        part: `raw` or `marts`.
        suite: name of the suite.
        title: what the suite looks at, in Chinese.
        number: position of the expectation in the suite, from 1.
        expectation: its type.
        column: the column of the suite's rows that it judges.
        expected: what was expected, in Chinese.
        observed: how many rows were not as expected, in Chinese.
        severity: `stop` or `warn`.
        success: whether it was met.
        unexpected: the rows that were not as expected.
    """

    month: str
    city_code: str
    part: str
    suite: str
    title: str
    number: int
    expectation: str
    column: str
    expected: str
    observed: str
    severity: str
    success: bool
    unexpected: list[Unexpected] = field(default_factory=list)

    def problems(self) -> list[Problem]:
        """A failure as problems, one per row; none when the expectation was met."""
        if self.success:
            return []
        return [
            Problem(
                self._place(each),
                each.row,
                each.column,
                "空白" if each.value is None else f"“{each.value}”",
                self.expected + (f"（{each.wanted}）" if each.wanted is not None else ""),
                each.unit,
                title=each.title,
            )
            for each in self.unexpected
        ]

    def _place(self, unexpected: Unexpected) -> str:
        place = unexpected.place or self.title
        return place if self.part == "raw" else f"{place}（{self.month}）"

    @property
    def message(self) -> str | None:
        """What is wrong, in Chinese, one line per row."""
        return "\n".join(str(problem) for problem in self.problems()) or None


def failures(results: Iterable[Result], severity: str) -> list[Result]:
    """The failed results of a severity: of `stop` any refuses the release."""
    return [each for each in results if not each.success and each.severity == severity]


def write_results(database: Path, results: Iterable[Result]) -> None:
    """Write `audit.expectation_results` into a release that nobody else has open.

    The order is fixed, so equal results make equal tables.

    Args:
        database: the release.
        results: what was checked.
    """
    rows = [
        (
            f"{each.month}-01",
            each.city_code,
            each.part,
            each.suite,
            each.title,
            each.number,
            each.expectation,
            each.column,
            each.expected,
            each.observed,
            [
                {
                    "place": one.place,
                    "source_row": one.row,
                    "unit_name": one.unit,
                    "column_name": one.column,
                    "column_title": one.title,
                    "seen_value": one.value,
                    "expected_value": one.wanted,
                }
                for one in each.unexpected
            ],
            each.severity,
            each.success,
            each.message,
        )
        for each in sorted(results, key=_order)
    ]
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in _COLUMNS.items())
    with duckdb.connect(str(database)) as connection:
        connection.begin()
        connection.execute("create schema if not exists audit")
        connection.execute(f"create or replace table {TABLE} ({columns})")
        connection.execute(f"comment on table {TABLE} is '{_TABLE_COMMENT}'")
        for name, (_, comment) in _COLUMNS.items():
            connection.execute(f"comment on column {TABLE}.{name} is '{comment}'")
        if rows:
            marks = ", ".join("?" for _ in _COLUMNS)
            connection.executemany(f"insert into {TABLE} values ({marks})", rows)  # noqa: S608
        connection.commit()
        connection.execute("checkpoint")


def read_results(database: Path, months: Iterable[str]) -> list[Result]:
    """The results that a release keeps of some months, such as `2023_06`, as they were written."""
    first_days = [f"{month.replace('_', '-')}-01" for month in months]
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"""
            select
                strftime(score_month, '%Y-%m') as month, city_code, part, suite,
                suite_title as title, expectation_no as number, expectation,
                column_name as "column", expected, observed, severity, is_success as success,
                [
                    struct_pack(place := each.place, "row" := each.source_row,
                        unit := each.unit_name, "column" := each.column_name,
                        title := each.column_title, "value" := each.seen_value,
                        wanted := each.expected_value)
                    for each in unexpected_values
                ] as unexpected
            from {TABLE}
            where list_contains(?, cast(score_month as varchar))
            """,  # noqa: S608
            [first_days],
        )
        names = [column[0] for column in rows.description or []]
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    results = [
        Result(**{**each, "unexpected": [Unexpected(**one) for one in each["unexpected"]]})
        for each in found
    ]
    return sorted(results, key=_order)


def _order(result: Result) -> tuple[str, str, str, str, int]:
    """Of a month and city what arrived first, then by suite."""
    part = str(PARTS.index(result.part))
    return (result.month, result.city_code, part, result.suite, result.number)
