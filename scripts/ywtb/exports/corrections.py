"""What was mended in a month, for people: like cells together, units in official order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from operator import itemgetter

from ywtb.exports.release_month import ReleaseMonth, grouped
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

OFFICE_TIME = timezone(timedelta(hours=8))


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


@dataclass(frozen=True)
class Notice:
    """A correction after publication.

    Attributes:
        number: among those of the month, from 1.
        release: that made it.
        revised_at: UTC, without a zone.
        reason: why.
        rows: of `audit.revisions`.
    """

    number: int
    release: str
    revised_at: datetime
    reason: str
    rows: Sequence[Row]

    @property
    def day(self) -> date:
        """Its date where the office is."""
        return self.revised_at.replace(tzinfo=UTC).astimezone(OFFICE_TIME).date()

    @property
    def causes(self) -> dict[str, str]:
        """Why totals changed, by unit, as far as that is known."""
        return {row["unit_name"]: row["causes"] for row in self.rows if row["causes"]}


def notices(month: ReleaseMonth) -> list[Notice]:
    """Corrections of a month after publication, oldest first."""
    found = grouped(month.tables["audit.revisions"], "revised_at", "release_id")
    return [
        Notice(number, release, revised_at, rows[0]["reason"], rows)
        for number, ((revised_at, release), rows) in enumerate(
            sorted(found.items(), key=itemgetter(0)), start=1
        )
    ]


def corrections(month: ReleaseMonth) -> tuple[Section, ...]:
    """Errata in force, imputed cells, score adjustments, and corrections after publication."""
    errata: dict[str, list[Correction]] = defaultdict(list)
    for number, rows in grouped(month.tables["audit.errata_in_force"], "erratum_id").items():
        kind = rows[0]["erratum_kind"]
        annexes = rows[0]["annex_nos"] and f"附件{rows[0]['annex_nos']}"
        lines = _adjustment_lines if kind == "adjustment" else _cell_lines
        errata[kind if kind in ("imputed", "adjustment") else "printed"].append(
            Correction(
                f"{number}　{'：'.join(each for each in (annexes, KINDS[kind]) if each)}",
                (
                    ("问题", rows[0]["description"]),
                    ("缘由", rows[0]["reason"]),
                    ("依据", rows[0]["evidence"]),
                ),
                tuple(lines(month, rows)),
            )
        )
    cells = ("附件", "行次", "单位", "栏目", "所印", "现为")
    adjusted = ("附件", "组别", "单位", "项目", "调整分值", "调整后得分")
    revised = ("附件", "名次", "单位", "栏目", "原为", "现为")
    return (
        Section("一、所印有误", cells, tuple(errata["printed"])),
        Section("二、所印缺漏，据他处推算", cells, tuple(errata["imputed"])),
        Section("三、得分调整", adjusted, tuple(errata["adjustment"])),
        Section("四、发布后的更正", revised, tuple(_revisions(month))),
    )


def _cell_lines(month: ReleaseMonth, rows: Sequence[Row]) -> Iterator[Detail]:
    """Lines of an erratum's cells: those that were mended alike share one."""
    order = [unit["unit_name"] for unit in month.units.values()]
    units = {
        (cell["dimension_code"], cell["source_row"]): cell["unit_name"]
        for cell in month.tables["marts.fct_observations"]
    }
    places = list(month.indicators)
    labels = {code: row["indicator_name"] for code, row in month.indicators.items()}
    printed = {
        (annex.number, column.name): column.label
        for annex in month.annexes
        for column in annex.columns
    }

    def place(row: Row) -> tuple[int, int, int]:
        column = row["column_name"]
        return (
            row["annex_no"] or 0,
            row["annex_row_no"] or 0,
            places.index(column) if column in labels else -1,
        )

    cells = sorted((row for row in rows if row["column_name"] is not None), key=place)
    columns: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (annex, column, old, new), alike in grouped(
        cells, "annex_no", "column_name", "printed_value", "corrected_value"
    ).items():
        named = {row["unit_name"] or units.get((row["feed"], row["source_row"])) for row in alike}
        names = [name for name in order if name in named]
        line = (
            str(annex or alike[0]["annex_nos"] or NONE),
            _runs(row["annex_row_no"] for row in alike),
            "、".join(names + sorted(each for each in named.difference(order) if each)) or NONE,
            "未印" if old is None else old.replace("|", "／"),
            NONE if new is None else new.replace("|", "／"),
        )
        columns[line].append(printed.get((annex, column)) or labels.get(column, column))
    for (annex, runs, units_, old, new), together in columns.items():
        yield annex, runs, units_, "、".join(together), old, new


def _adjustment_lines(month: ReleaseMonth, rows: Sequence[Row]) -> Iterator[Detail]:
    order = list(month.units)
    scores = {
        (row["unit_id"], row["dimension_code"]): row["score"]
        for row in month.tables["marts.fct_dimension_scores"]
    }
    for row in sorted(
        month.tables["audit.adjustments_in_force"], key=lambda row: order.index(row["unit_id"])
    ):
        if row["erratum_id"] == rows[0]["erratum_id"]:
            yield (
                rows[0]["annex_nos"] or NONE,
                month.groups[row["group_code"]]["group_name"],
                row["unit_name"],
                month.dimensions[row["dimension_code"]]["dimension_name"],
                row["adjustment_points"],
                scores[row["unit_id"], row["dimension_code"]],
            )


def _revisions(month: ReleaseMonth) -> Iterator[Correction]:
    for notice in notices(month):
        details = []
        for row in sorted(notice.rows, key=itemgetter("printed_in", "unit_name", "column_name")):
            old, new = (
                NONE if row[rank] is None else str(row[rank]) for rank in ("old_rank", "new_rank")
            )
            details.append(
                (
                    row["printed_in"],
                    old if old == new else f"{old} → {new}",
                    row["unit_name"],
                    row["column_name"],
                    "无" if row["old_value"] is None else row["old_value"],
                    "无" if row["new_value"] is None else row["new_value"],
                )
            )
        title = f"更正通知第{notice.number}号，{notice.day}，版本 {notice.release}"
        causes = (("得分变动", f"{unit}：{each}") for unit, each in notice.causes.items())
        yield Correction(title, (("缘由", notice.reason), *causes), tuple(details))


def _runs(numbers: Iterable[int | None]) -> str:
    """Numbers, runs of them shortened: `1—8`, `4、6`."""
    runs: list[list[int]] = []
    for number in sorted(each for each in numbers if each is not None):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(f"{run[0]}—{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or NONE
