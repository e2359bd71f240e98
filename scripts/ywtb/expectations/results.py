"""What a run of the suites found: for people, for programs and for the release."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

import duckdb

from ywtb.assessment.problem import Problem

TABLE = "audit.expectation_results"


@dataclass(frozen=True)
class Unexpected:
    """One row that was not as expected.

    Attributes:
        place: the monthly file or the table that it stands in.
        source_row: its row in the monthly file.
        unit_name: whose it is, or which group's or figure's; with the city where there are several.
        column_name: code of its column.
        column_title: Chinese name of the column.
        seen_value: what was seen.
        expected_value: what the expectation compared it with.
    """

    place: str | None
    source_row: int | None
    unit_name: str | None
    column_name: str | None
    column_title: str | None
    seen_value: str | None
    expected_value: str | None


@dataclass(frozen=True)
class Result:
    """One expectation of one suite for one month and city, as the table of a release has it.

    Attributes:
        score_month: first day of the month.
        city_code: the city.
        part: `raw`, of what arrived, or `marts`, of what leaves.
        suite: name of the suite.
        suite_title: what the suite looks at, in Chinese.
        expectation_no: position of the expectation in the suite, from 1.
        expectation: its type.
        expected: what was expected, in Chinese.
        observed: how many rows were not as expected, in Chinese.
        unexpected_values: the rows that were not as expected.
        severity: `stop` or `warn`.
        is_success: whether it was met.
    """

    score_month: date
    city_code: str
    part: str
    suite: str
    suite_title: str
    expectation_no: int
    expectation: str
    expected: str
    observed: str
    unexpected_values: list[Unexpected]
    severity: str
    is_success: bool

    @property
    def month(self) -> str:
        """The month as people write it, such as 2023-06."""
        return f"{self.score_month:%Y-%m}"

    def problems(self) -> list[Problem]:
        """A failure as problems, one per row; none when the expectation was met."""
        if self.is_success:
            return []
        suffix = "" if self.part == "raw" else f"（{self.month}）"
        return [
            Problem(
                file=(each.place or self.suite_title) + suffix,
                row=each.source_row,
                column=each.column_name,
                seen="空白" if each.seen_value is None else f"“{each.seen_value}”",
                expected=self.expected
                + ("" if each.expected_value is None else f"（{each.expected_value}）"),
                unit=each.unit_name,
                title=each.column_title,
            )
            for each in self.unexpected_values
        ]

    @property
    def message(self) -> str | None:
        """What is wrong, in Chinese, one line per row."""
        return "\n".join(str(problem) for problem in self.problems()) or None


COLUMNS = ", ".join(field.name for field in fields(Result))


def failures(results: Iterable[Result], severity: str) -> list[Result]:
    """The failed results of a severity: of `stop` any refuses the release."""
    return [each for each in results if not each.is_success and each.severity == severity]


def write_results(database: Path, results: Iterable[Result]) -> None:
    """Add results to `audit.expectation_results` of a release that nobody else has open."""
    ordered = sorted(results, key=lambda each: (each.score_month, each.city_code))
    rows = [[*asdict(each).values(), each.message] for each in ordered]
    with duckdb.connect(str(database)) as connection:
        connection.begin()
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(
                f"insert into {TABLE} ({COLUMNS}, message) values ({marks})",  # noqa: S608
                rows,
            )
        connection.commit()
        connection.execute("checkpoint")
