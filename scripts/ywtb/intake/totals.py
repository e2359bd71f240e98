"""Rows of sums in a table, which are not read but must fit the rows that are."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.problem import Problem
from ywtb.intake.headings import Match
from ywtb.intake.month import ReceivedMonth
from ywtb.intake.tables import Table, cell_name, shown

RowKind = Literal["note", "total", "header", "empty"]
"""What a row is that is about no unit."""


def check_totals(
    month: ReceivedMonth,
    table: Table,
    match: Match,
    aside: Mapping[int, RowKind],
    count: Callable[[int, int], Decimal | None],
) -> None:
    """Name every total of a column of counts that is not the sum of its units.

    A total may be of the whole table, of the rows above it, or of those since the total before it.

    Args:
        month: gets the problems.
        table: all of whose rows were read without a problem.
        match: its columns.
        aside: its rows that are about no unit.
        count: the count in a cell, None where there is none.
    """
    totals = [row for row, kind in aside.items() if kind == "total"]
    rows = [row for row in range(match.end_row, len(table.rows)) if row not in aside]
    for column, target in match.columns.items():
        if target.value_type != "count":
            continue
        before = match.end_row - 1
        for row in totals:
            total = count(row, column)
            whole = _sum(count, column, rows)
            part = _sum(count, column, [each for each in rows if before < each < row])
            above = _sum(count, column, [each for each in rows if each < row])
            before = row
            if total is not None and total not in (whole, part, above):
                month.problems.append(
                    Problem(
                        table.file,
                        row + 1,
                        match.labels[column],
                        f"{shown(table.cell(row, match.key_column).text or '合计')}为 "
                        f"{plain_figure(total)}",
                        f"各单位之和 {plain_figure(whole)}",
                        sheet=table.sheet,
                        cell=cell_name(row, column),
                    )
                )


def _sum(count: Callable[[int, int], Decimal | None], column: int, rows: list[int]) -> Decimal:
    return sum((count(row, column) or Decimal(0) for row in rows), Decimal(0))
