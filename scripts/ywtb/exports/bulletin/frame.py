"""What a bulletin says around its text: masthead, office and date, attachments, figures, imprint.

The document prints it and the record of what was published keeps it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter

from ywtb.exports.bulletin.narrative import chinese_date, city_metrics
from ywtb.exports.release_month import ReleaseMonth, grouped

KIND = "情况通报"
FIGURES_MARK = "附图"
FIGURES_TITLE = "各单位综合得分及与本组各项最高得分的差距"
FIGURES_NOTE = "注：左为综合得分；右为各考核项目得分低于本组该项最高得分之数，各段相加为差距合计。"
SCORE_AXIS = "综合得分（分）"
GAP_AXIS = "与本组各项最高得分的差距（分）"


@dataclass(frozen=True)
class UnitGaps:
    """A unit's total and by how much each part of it is below the best of its group, in points."""

    unit: str
    total: Decimal
    gaps: dict[str, Decimal]


@dataclass(frozen=True)
class Figure:
    """The chart of a group: its caption, its units in printed order, and both in words."""

    caption: str
    units: tuple[UnitGaps, ...]

    @property
    def description(self) -> str:
        """What the picture shows, for those who cannot see it."""
        return "综合得分由高到低：" + "；".join(
            f"{unit.unit}{unit.total:f}分" for unit in self.units
        )


@dataclass(frozen=True)
class Frame:
    """The texts around those of `narrative`; blank where the month's files do not say.

    `day` is the day of the bulletin, or the first of its month.
    """

    masthead: str
    office: str
    issue: str
    issued: str
    imprint: str
    attachments: tuple[str, ...]
    figures: tuple[Figure, ...]
    day: date

    def texts(self) -> dict[str, str]:
        """All of it by what it is."""
        return {
            "版头": f"{self.masthead} {KIND}",
            "期号": self.issue,
            "署名": f"{self.office} {self.issued}",
            "附件": "；".join(self.attachments),
            FIGURES_MARK: f"{FIGURES_TITLE}（{SCORE_AXIS}，{GAP_AXIS}）{FIGURES_NOTE}",
            **{each.caption: each.description for each in self.figures},
            "版记": self.imprint,
        }


def frame(month: ReleaseMonth) -> Frame:
    """What a month's bulletin says around its text."""
    city, metrics = month.city, city_metrics(month)
    codes = ("bulletin_issue", "bulletin_date")
    number, issued = (metrics[code].value if code in metrics else "" for code in codes)
    day, office, shown = _day(issued) or month.first_day, city["office_name"], chinese_date(issued)
    return Frame(
        masthead=city["masthead_name"],
        office=office,
        issue=number and f"{day.year}年第{number}",
        issued=shown,
        imprint=office + (f"\t{shown}印发" if shown else ""),
        attachments=tuple(
            f"{annex.number}.\t{annex.title}{annex.period_line}" for annex in month.annexes
        ),
        figures=tuple(
            Figure(f"图{number}　{group}（{len(units)}个单位）", units)
            for number, (group, units) in enumerate(_gaps(month), start=1)
        ),
        day=day,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _gaps(month: ReleaseMonth) -> Iterator[tuple[str, tuple[UnitGaps, ...]]]:
    """Each group with its units in printed order."""
    members = grouped(month.tables["marts.fct_composite_scores"], "group_code")
    scores: dict[str, dict[str, Decimal]] = {}
    best: dict[tuple[str, str], Decimal] = {}
    for row in month.tables["marts.fct_dimension_scores"]:
        name = month.dimensions[row["dimension_code"]]["dimension_name"]
        scores.setdefault(row["unit_id"], {})[name] = row["score"]
        part = (row["group_code"], name)
        best[part] = max(row["score"], best.get(part, row["score"]))
    for code, group in month.groups.items():
        if code in members:
            yield (
                group["group_name"],
                tuple(
                    UnitGaps(
                        row["unit_name"],
                        row["composite_score"],
                        {
                            name: best[code, name] - score
                            for name, score in scores[row["unit_id"]].items()
                        },
                    )
                    for row in sorted(members[code], key=itemgetter("sequence_no"))
                ),
            )
