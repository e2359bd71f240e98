"""Rows of sums in a table, which are not read but must fit the rows that are."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.problem import Problem
from ywtb.intake.headings import Match
from ywtb.intake.month import ReceivedMonth
from ywtb.intake.tables import Table, cell_name, shown

RowKind = Literal["note", "total", "header", "section", "empty"]
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
    body = range(match.end_row, len(table.rows))
    for column, target in match.columns.items():
        if target.value_type != "count" or not totals:
            continue
        counts = [Decimal(0) if row in aside else count(row, column) or Decimal(0) for row in body]
        sums = [Decimal(0), *accumulate(counts)]  # of the rows before each
        whole, before = sums[-1], Decimal(0)
        for row in totals:
            total = count(row, column)
            above = sums[row - match.end_row]
            part, before = above - before, above
            if total is not None and total not in (whole, part, above):
                name = shown(table.cell(row, match.key_column).text.strip() or "合计")
                month.problems.append(
                    Problem(
                        table.file,
                        row + 1,
                        match.labels[column],
                        f"{name}为 {plain_figure(total)}",
                        f"各单位之和 {plain_figure(whole)}",
                        sheet=table.sheet,
                        cell=cell_name(row, column),
                    )
                )
