"""What a run of the suites found: for people, for programs and for the release."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ywtb.assessment.problem import Problem

TABLE = "audit.expectation_results"
_TABLE_COMMENT = (
    "Great Expectations of the release, on what arrived and on what leaves: one row per month, "
    "suite and expectation, failed or not."
)
_COLUMNS = {
    "score_month": ("date", "Month assessed, as the first of the month."),
    "suite": ("varchar", "Suite: a file of expectations/raw or expectations/marts."),
    "expectation_no": ("integer", "Position of the expectation in its suite, from 1."),
    "expectation": ("varchar", "Type of the expectation in Great Expectations."),
    "column_name": ("varchar", "Column that it is about; NULL for the table as a whole."),
    "column_title": ("varchar", "Chinese name of the column, where it has one."),
    "expected": ("varchar", "What was expected, in Chinese."),
    "observed": ("varchar", "What was found: a count of unexpected values, or the value seen."),
    "unexpected_values": (
        "struct(unit_name varchar, source_row integer, seen_value varchar)[]",
        "Unexpected values, each with its unit and its row in the monthly file where it has one.",
    ),
    "severity": ("varchar", "stop: a failure refuses the release; warn: it is only shown."),
    "is_success": ("boolean", "Whether the expectation was met."),
    "message": ("varchar", "What is wrong, in Chinese, one line per value; NULL when met."),
    "source_file": ("varchar", "Monthly file that was looked at; NULL for what leaves."),
}


@dataclass(frozen=True)
class Unexpected:
    """One value that was not expected: whose, in which row of the monthly file, and what."""

    unit: str | None
    row: int | None
    value: str | None


@dataclass(frozen=True)
class Result:
    """One expectation of one suite for one month.

    Attributes:
        month: such as `2023-06`.
        suite: file name of the suite.
        number: position of the expectation in the suite, from 1.
        expectation: its type.
        column: the column that it is about, None for the table as a whole.
        title: Chinese name of the column.
        expected: what was expected, in Chinese.
        observed: what was found.
        unexpected: the values that were not expected.
        severity: `stop` or `warn`.
        success: whether it was met.
        source: the file that was looked at, for what arrives; else None.
    """

    month: str
    suite: str
    number: int
    expectation: str
    column: str | None
    title: str | None
    expected: str
    observed: str
    severity: str
    success: bool
    unexpected: list[Unexpected] = field(default_factory=list)
    source: str | None = None

    def problems(self) -> list[Problem]:
        """A failure as problems, one per unexpected value; none when the expectation was met."""
        if self.success:
            return []
        place = self.source or f"{self.suite}（{self.month}）"
        column = self.title or self.column
        if not self.unexpected:
            return [Problem(place, None, column, self.observed, self.expected)]
        return [
            Problem(
                place,
                each.row,
                column,
                self._seen(each),
                self.expected,
                each.unit,
            )
            for each in self.unexpected
        ]

    def _seen(self, unexpected: Unexpected) -> str:
        if unexpected.value is not None:
            return f"“{unexpected.value}”"
        return "没有这一行" if "distinct_values" in self.expectation else "空白"

    @property
    def message(self) -> str | None:
        """What is wrong, in Chinese, one line per value: unit, column, value, expected."""
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
            each.suite,
            each.number,
            each.expectation,
            each.column,
            each.title,
            each.expected,
            each.observed,
            [
                {"unit_name": one.unit, "source_row": one.row, "seen_value": one.value}
                for one in each.unexpected
            ],
            each.severity,
            each.success,
            each.message,
            each.source,
        )
        for each in sorted(results, key=lambda each: (each.month, each.suite, each.number))
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
                strftime(score_month, '%Y-%m') as month, suite, expectation_no as number,
                expectation, column_name as "column", column_title as title, expected, observed,
                severity, is_success as success, source_file as source,
                [
                    struct_pack(unit := each.unit_name, "row" := each.source_row,
                        "value" := each.seen_value)
                    for each in unexpected_values
                ] as unexpected
            from {TABLE}
            where list_contains(?, cast(score_month as varchar))
            order by score_month, suite, expectation_no
            """,  # noqa: S608
            [first_days],
        )
        names = [column[0] for column in rows.description or []]
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return [
        Result(**{**each, "unexpected": [Unexpected(**one) for one in each["unexpected"]]})
        for each in found
    ]
