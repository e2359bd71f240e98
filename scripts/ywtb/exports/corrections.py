"""What was mended in a month, for people: like cells together, units in official order."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ywtb.exports.release_month import Month
from ywtb.release.queries import Row

Detail = tuple[str | Decimal, ...]
"""Cells of a line, in the order of the section's headings."""

KINDS = {
    "cell": "单元格印错",
    "header": "列标题印错",
    "imputed": "未印，推算",
    "adjustment": "得分调整",
    "note": "说明，不作更正",
}
NONE = "—"


@dataclass(frozen=True)
class Correction:
    """One erratum, adjustment or later correction: what is wrong, why, and the cells."""

    title: str
    remarks: tuple[tuple[str, str], ...]
    details: tuple[Detail, ...]


@dataclass(frozen=True)
class Section:
    """Corrections of one kind, with the headings of their details; there may be none."""

    title: str
    headings: tuple[str, ...]
    corrections: tuple[Correction, ...]


def corrections(month: Month) -> tuple[Section, ...]:
    """Errata in force, imputed cells, score adjustments, and corrections after publication."""
    errata = _grouped(month.tables["audit.errata_in_force"], lambda row: row["erratum_id"])
    kinds: dict[str, list[tuple[str, list[Row]]]] = defaultdict(list)
    for number, rows in errata:
        kind = rows[0]["erratum_kind"]
        kinds[kind if kind in ("imputed", "adjustment") else "printed"].append((number, rows))
    cells = ("附件", "行次", "单位", "栏目", "所印", "现为")
    adjusted = ("附件", "组别", "单位", "项目", "调整分值", "调整后得分")
    revised = ("附件", "名次", "单位", "栏目", "原为", "现为")
    return (
        Section("一、所印有误", cells, _errata(kinds["printed"], _cell_lines(month))),
        Section("二、所印缺漏，据他处推算", cells, _errata(kinds["imputed"], _cell_lines(month))),
        Section("三、得分调整", adjusted, _errata(kinds["adjustment"], _adjustment_lines(month))),
        Section("四、发布后的更正", revised, tuple(_revisions(month))),
    )


def _errata(
    errata: Iterable[tuple[str, Sequence[Row]]], lines: Callable[[Sequence[Row]], Iterator[Detail]]
) -> tuple[Correction, ...]:
    found = []
    for number, rows in errata:
        erratum = rows[0]
        annexes = erratum["annex_nos"] and f"附件{erratum['annex_nos']}"
        kind = KINDS[erratum["erratum_kind"]]
        remarks = (
            ("问题", erratum["description"]),
            ("缘由", erratum["reason"]),
            ("依据", erratum["evidence"]),
        )
        title = f"{number}　{'：'.join(each for each in (annexes, kind) if each)}"
        found.append(Correction(title, remarks, tuple(lines(rows))))
    return tuple(found)


def _cell_lines(month: Month) -> Callable[[Sequence[Row]], Iterator[Detail]]:
    """Lines of corrected and imputed cells: those that were mended alike share one."""
    order = _official_order(month)
    units = {
        (cell["dimension_code"], cell["source_row"]): cell["unit_name"]
        for cell in month.tables["marts.fct_observations"]
    }
    labels = {
        row["indicator_code"]: row["indicator_name"]
        for row in sorted(
            month.tables["reference.indicators"], key=lambda row: row["indicator_order"]
        )
    }
    printed = {
        (annex.number, column.name): column.label
        for annex in month.annexes
        for column in annex.columns
    }

    places = list(labels)

    def place(row: Row) -> int:
        return places.index(row["column_name"]) if row["column_name"] in labels else -1

    def lines(rows: Sequence[Row]) -> Iterator[Detail]:
        cells = sorted(
            (row for row in rows if row["column_name"] is not None),
            key=lambda row: (row["annex_no"] or 0, row["annex_row_no"] or 0, place(row)),
        )
        same_column = ("annex_no", "column_name", "printed_value", "corrected_value")
        columns: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for (annex, column, old, new), alike in _grouped(
            cells, lambda row: tuple(row[each] for each in same_column)
        ):
            named = {
                row["unit_name"] or units.get((row["feed"], row["source_row"])) for row in alike
            }
            line = (
                str(annex or alike[0]["annex_nos"] or NONE),
                _runs(row["annex_row_no"] for row in alike),
                "、".join(sorted((each for each in named if each), key=order)) or NONE,
                "未印" if old is None else old.replace("|", "／"),
                NONE if new is None else new.replace("|", "／"),
            )
            columns[line].append(printed.get((annex, column)) or labels.get(column, column))
        for (annex, places, names, old, new), together in columns.items():
            yield annex, places, names, "、".join(together), old, new

    return lines


def _adjustment_lines(month: Month) -> Callable[[Sequence[Row]], Iterator[Detail]]:
    order = _official_order(month)
    groups = {row["group_code"]: row["group_name"] for row in month.tables["reference.groups"]}
    dimensions = {
        row["dimension_code"]: row["dimension_name"] for row in month.tables["reference.dimensions"]
    }
    scores = {
        (row["unit_id"], row["dimension_code"]): row["score"]
        for row in month.tables["marts.fct_dimension_scores"]
    }
    adjustments = sorted(
        month.tables["audit.adjustments_in_force"], key=lambda row: order(row["unit_name"])
    )

    def lines(rows: Sequence[Row]) -> Iterator[Detail]:
        for row in adjustments:
            if row["erratum_id"] == rows[0]["erratum_id"]:
                yield (
                    rows[0]["annex_nos"] or NONE,
                    groups[row["group_code"]],
                    row["unit_name"],
                    dimensions[row["dimension_code"]],
                    row["adjustment_points"],
                    scores[row["unit_id"], row["dimension_code"]],
                )

    return lines


def _revisions(month: Month) -> Iterator[Correction]:
    revisions = sorted(
        month.tables["audit.revisions"],
        key=lambda row: (
            row["revised_at"],
            row["printed_in"],
            row["unit_name"],
            row["column_name"],
        ),
    )
    for release, rows in _grouped(revisions, lambda row: row["release_id"]):
        title = f"{rows[0]['revised_at']:%Y-%m-%d %H:%M}（UTC）更正，版本 {release}"
        details = []
        for row in rows:
            ranks = [
                NONE if row[each] is None else str(row[each]) for each in ("old_rank", "new_rank")
            ]
            details.append(
                (
                    row["printed_in"],
                    ranks[0] if ranks[0] == ranks[1] else " → ".join(ranks),
                    row["unit_name"],
                    row["column_name"],
                    "无" if row["old_value"] is None else row["old_value"],
                    "无" if row["new_value"] is None else row["new_value"],
                )
            )
        yield Correction(title, (("缘由", rows[0]["reason"]),), tuple(details))


def _official_order(month: Month) -> Callable[[str], tuple[int, int, str]]:
    """Sort key of unit names; names that are no unit's come last."""
    groups = {row["group_code"]: row["group_order"] for row in month.tables["reference.groups"]}
    places = {
        row["unit_name"]: (groups[row["group_code"]], row["official_order"])
        for row in month.tables["intermediate.int_units_monthly"]
    }
    last = (len(groups) + 1, 0)
    return lambda name: (*places.get(name, last), name)


def _runs(numbers: Iterable[int | None]) -> str:
    """Numbers, runs of them shortened: `1—8`, `4、6`."""
    runs: list[list[int]] = []
    for number in sorted(each for each in numbers if each is not None):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(f"{run[0]}—{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or NONE


def _grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> list[tuple[Any, list[Row]]]:
    """Rows by key, keys in the order in which they first come."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return list(found.items())
