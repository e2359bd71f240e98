"""The text of the bulletin: facts of the month, said by the template `通报正文.md.j2`.

What went badly is found in the data: the indicators by whose rules units lost points for faults
(`dim_rules.is_fault`), and the city-level figures that rank from the bottom of the province.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ywtb.assessment.figures import month_name, plain_figure, points
from ywtb.exports.bulletin.boards import Tally, boards, last_scored
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "通报正文.md.j2"

Level = Literal[
    "title", "heading_1", "heading_2", "body", "kind", "number", "addressee", "row", "imprint"
]
"""What a paragraph is; the last five are those of a correction notice."""

Marks = Mapping[str, Level]
MARKS: Marks = {"#": "title", "##": "heading_1", "###": "heading_2"}

NO_WORDING: Mapping[str, str | None] = dict.fromkeys(
    (
        "problem_name",
        "count_unit",
        "metric_code",
        "office_metric_code",
        "heading",
        "background",
        "demand",
    )
)
"""For an indicator that has no row in `bulletin_problems`."""

LEADERS_NAMED = 5
"""How many units that share the first place of a group are named."""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the text, or a line of the title."""

    level: Level
    text: str


@dataclass(frozen=True)
class CityFigure:
    """A city-level figure as the text says it: `24.9万件`, `第3位`; blank for what it lacks.

    Low is a rank from the bottom, or one worse than `cities.worst_good_rank`.
    """

    code: str
    dimension_code: str | None
    name: str
    value: str
    rank: str
    is_low: bool
    detail: str

    @property
    def low_rank(self) -> str:
        """The rank where it is low."""
        return self.rank if self.is_low else ""


@dataclass(frozen=True)
class Shortcoming:
    """What went badly: `fault` counts cases, `rate` falls short of full, `city` is a low rank.

    Attributes:
        kind: as above; of `city`, only `dimension`, `figures` and `metric_codes` are filled.
        dimension: name of its dimension.
        figures: the city-level figures of the matter as said; blank for none.
        metric_codes: codes of those figures.
        name: what the faults, or the rate, are called.
        total: number of faults with its measure word.
        full_value: the rate that nobody should fall short of.
        tallies: units that lost points, the worst first.
        groups: groups of these units with how many they are.
        office: who is responsible, where that was reported.
        points_lost: by all units together.
        heading: heading of what is demanded.
        background: what the office knows of the matter; blank for nothing.
        demand: what is demanded.
    """

    kind: Literal["fault", "rate", "city"]
    dimension: str
    figures: str
    metric_codes: tuple[str, ...]
    name: str = ""
    total: str = ""
    full_value: str = ""
    tallies: tuple[Tally, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()
    office: str = ""
    points_lost: str = ""
    heading: str = ""
    background: str = ""
    demand: str = ""

    @property
    def unit_count(self) -> int:
        """Number of units that lost points."""
        return sum(len(tally.units) for tally in self.tallies)

    def unit_names(self, most: int) -> str:
        """Names of these units, or how many they are where they are more than `most`."""
        if self.unit_count > most:
            return f"{self.unit_count}个单位"
        return "、".join(unit for tally in self.tallies for unit in tally.units)

    def units(self, most: int, worst: int) -> str:
        """Who lost points.

        Args:
            most: units up to which all are named; of more, only the numbers by group.
            worst: how many of the worst are named besides; none that only some of equals would be.
        """
        office = f"，责任单位为{self.office}" if self.office else ""
        if self.kind == "fault" and self.unit_count == 1:
            return self.unit_names(1) + office
        if self.unit_count <= most:
            return _listed(self.tallies) + office
        named: list[Tally] = []
        for tally in self.tallies:
            worst -= len(tally.units)
            if worst < 0:
                break
            named.append(tally)
        groups = "、".join(f"{name}{count}个" for name, count in self.groups)
        return f"{groups}单位" + (f"，其中{_listed(named)}" if named else "") + office


def narrative(month: ReleaseMonth) -> list[Paragraph]:
    """The bulletin's title and sections in order; the list of annexes is not part of it."""
    return list(paragraphs(template(TEMPLATE).render(_context(month))))


def part(month: ReleaseMonth, block: str) -> list[Paragraph]:
    """What a block of the template says, such as `summary`."""
    text = template(TEMPLATE)
    return list(paragraphs("".join(text.blocks[block](text.new_context(_context(month))))))


def problems(month: ReleaseMonth) -> list[Shortcoming]:
    """What went badly in the month, in order of dimensions."""
    return list(_problems(month, city_metrics(month)))


@cache
def template(name: str) -> Template:
    """A template of `TEMPLATES`."""
    # What comes out is written as text, nowhere read as markup.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["chinese"] = chinese_number
    environment.filters["cell"] = _cell
    environment.filters["one_line"] = one_line
    return environment.get_template(name)


def city_metrics(month: ReleaseMonth) -> dict[str, CityFigure]:
    """The month's city-level figures by code; one that says nothing is left out."""
    dimensions = {
        row["metric_code"]: row["dimension_code"] for row in month.tables["reference.city_metrics"]
    }
    found = [
        CityFigure(
            code=row["metric_code"],
            dimension_code=dimensions[row["metric_code"]],
            name=row["metric_name"],
            value=one_line(row["metric_text"])
            if row["metric_value"] is None
            else _quantity(row["metric_value"], row["value_unit"]),
            rank=_rank(row),
            is_low=row["is_rank_from_bottom"]
            or (row["province_rank"] or 0) > month.city["worst_good_rank"],
            detail=one_line(row["detail"]),
        )
        for row in month.tables["marts.fct_city_metrics"]
    ]
    return {metric.code: metric for metric in found if metric.value or metric.rank}


def chinese_number(number: int) -> str:
    """A number from 1 to 99 in Chinese, such as `二十一`."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (f"{digits[tens] if tens > 1 else ''}十" if tens else "") + (
        digits[ones] if ones else ""
    )


def chinese_date(text: str) -> str:
    """An ISO date such as `2023-07-29` as `2023年7月29日`; any other text stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"


def paragraphs(text: str, marks: Marks = MARKS) -> Iterator[Paragraph]:
    """Blank lines part paragraphs; a marked line is one by itself."""
    for block in re.split(r"\n\s*\n", text):
        body = ""
        for line in block.splitlines():
            mark, _, rest = line.strip().partition(" ")
            if mark in marks:
                yield Paragraph(marks[mark], rest.strip())
            else:
                body += line.strip()
        if body:
            yield Paragraph("body", body)


def _context(month: ReleaseMonth) -> dict[str, object]:
    """What the template may use."""
    metrics, called = city_metrics(month), _called(month)
    problems = list(_problems(month, metrics))
    told = {code for problem in problems for code in problem.metric_codes}
    return {
        "year": month.first_day.year,
        "month": month.first_day.month,
        "period": month.period.replace("—", "至"),
        "city_name": month.city["city_name"],
        "office_name": month.city["office_name"],
        "dimension": lambda *codes: "、".join(called[code] for code in codes if code in called),
        "figures": lambda *codes: _figures(
            metrics[code] for code in codes if code in metrics and code not in told
        ),
        "said": _sayer(metrics),
        "sentence": _sentence,
        "groups": list(_groups(month)),
        "changes": list(_changes(month)),
        "boards": boards(month),
        "places": list(_places(month, metrics)),
        "problems": problems,
        "poor_dimensions": list(dict.fromkeys(problem.dimension for problem in problems)),
    }


def _called(month: ReleaseMonth) -> dict[str, str]:
    """What the text calls dimensions, by code and in order."""
    names = {code: row["dimension_name"] for code, row in month.dimensions.items()}
    others = month.tables["reference.bulletin_dimensions"]
    called = {row["dimension_code"]: row["bulletin_name"] for row in others}
    return {code: called.get(code, name) for code, name in names.items()}


def _groups(month: ReleaseMonth) -> Iterator[dict[str, object]]:
    """Groups with their best units."""
    units = grouped(month.tables["marts.fct_composite_scores"], "group_code")
    for code, group in month.groups.items():
        members = sorted(units.get(code, []), key=itemgetter("sequence_no"))
        best = [one_line(row["unit_name"]) for row in members if row["score_rank"] == 1]
        if best:
            leaders = "、".join(best) if len(best) <= LEADERS_NAMED else f"{len(best)}个单位"
            yield {
                "name": group["group_name"],
                "unit_count": len(members),
                "leaders": leaders + ("并列" if len(best) > 1 else ""),
                "are_equal": 1 < len(best) == len(members),
                "top_score": members[0]["composite_score"],
            }


def _changes(month: ReleaseMonth) -> Iterator[dict[str, object]]:
    """Groups against the last month in which they were scored; nothing of a first month."""
    compared = month.tables["marts.fct_monthly_changes"]
    effects = grouped(month.tables["marts.fct_score_change_effects"], "unit_id")
    rules = grouped(month.tables["marts.fct_scores_by_previous_rules"], "group_code")
    previous = last_scored(compared)
    if previous is None:
        return
    members = grouped((row for row in compared if row["previous_month"] == previous), "group_code")

    def extreme(rows: Iterable[Row]) -> dict[str, object] | None:
        """The unit whose total differs most, and what did most of it."""
        row = max(rows, key=lambda row: abs(row["score_change"]), default=None)
        return row and change_of(row, effects[row["unit_id"]])

    for code, group in month.groups.items():
        rows = members.get(code, [])
        ranked = rules.get(code, [])
        if rows:
            risen = [row for row in rows if row["score_change"] > 0]
            fallen = [row for row in rows if row["score_change"] < 0]
            yield {
                "name": group["group_name"],
                "previous": earlier_month(month, previous),
                "risen": len(risen),
                "fallen": len(fallen),
                "most_risen": extreme(risen),
                "most_fallen": extreme(fallen),
                "is_comparable": all(row["is_comparable"] for row in ranked),
                "leaders_by_previous_rules": [
                    one_line(row["unit_name"])
                    for row in ranked
                    if row["rank_by_previous_rules"] == 1
                ],
            }


def change_of(row: Row, effects: Iterable[Row]) -> dict[str, object]:
    """By how much a unit's total differs from the month before, and what did most of it.

    Args:
        row: of `marts.fct_monthly_changes`, with a difference.
        effects: the unit's rows of `marts.fct_score_change_effects`.
    """
    sign = 1 if row["score_change"] > 0 else -1
    effect = max(effects, key=lambda each: sign * each["effect"])
    return {
        "unit": one_line(row["unit_name"]),
        "points": points(abs(row["score_change"])),
        "cause": effect["cause"],
        "cause_name": effect["cause_name"],
        "subject": effect["indicator_name"] or effect["dimension_name"],
    }


def earlier_month(month: ReleaseMonth, previous: date) -> str:
    """What the text calls a month before, such as `5月`, or `2022年12月` in another year."""
    is_same_year = previous.year == month.first_day.year
    return f"{previous.month}月" if is_same_year else month_name(previous)


def _places(month: ReleaseMonth, metrics: Mapping[str, CityFigure]) -> Iterator[dict[str, object]]:
    """Dimensions by their place in the province as they were reported; low ones are problems."""
    ranked = [
        row
        for row in month.tables["marts.fct_city_metrics"]
        if row["metric_code"] in month.dimensions
        and row["province_rank"] is not None
        and not metrics[row["metric_code"]].is_low
    ]
    called = _called(month)
    for _, rows in sorted(grouped(ranked, "province_rank").items()):
        yield {
            "rank": metrics[rows[0]["metric_code"]].rank,
            "dimensions": [
                called[row["metric_code"]] for row in sorted(rows, key=itemgetter("source_row"))
            ],
        }


def _problems(month: ReleaseMonth, metrics: Mapping[str, CityFigure]) -> Iterator[Shortcoming]:
    """Problems by dimension: what units lost points for, then low ranks of nothing of the kind."""
    wording = {
        row["indicator_code"]: row
        for row in month.tables["intermediate.int_bulletin_problems_monthly"]
    }
    faults = {row["rule_id"] for row in month.tables["marts.dim_rules"] if row["is_fault"]}
    order = list(month.units)
    losses = grouped(
        sorted(
            (
                row
                for row in month.tables["marts.fct_indicator_scores"]
                if row["rule_id"] in faults and row["points_lost"]
            ),
            key=lambda row: order.index(row["unit_id"]),
        ),
        "indicator_code",
    )
    low = {code: metric for code, metric in metrics.items() if metric.is_low}
    for dimension_code, name in _called(month).items():
        for code, indicator in month.indicators.items():
            if indicator["dimension_code"] == dimension_code and code in losses:
                words = wording.get(code, NO_WORDING)
                low.pop(words["metric_code"] or "", None)
                yield _unit_problem(month, name, indicator, words, metrics, losses[code])
        rest = [metric for metric in low.values() if metric.dimension_code == dimension_code]
        if rest:
            yield Shortcoming("city", name, _figures(rest), tuple(metric.code for metric in rest))


def _unit_problem(
    month: ReleaseMonth,
    dimension: str,
    indicator: Row,
    words: Mapping[str, str | None],
    metrics: Mapping[str, CityFigure],
    losses: Sequence[Row],
) -> Shortcoming:
    is_rate = indicator["value_type"] == "percent"
    unit = "%" if is_rate else words["count_unit"]
    metric = metrics.get(words["metric_code"] or "")
    office = metrics.get(words["office_metric_code"] or "")
    by_value = grouped(sorted(losses, key=lambda row: -row["points_lost"]), "obs_value")
    members = grouped(losses, "group_code")
    return Shortcoming(
        kind="rate" if is_rate else "fault",
        dimension=dimension,
        figures=_figures([metric] if metric else []),
        metric_codes=(metric.code,) if metric else (),
        name=words["problem_name"] or indicator["indicator_name"],
        total="" if is_rate else _quantity(sum(row["obs_value"] for row in losses), unit),
        full_value=_quantity(indicator["valid_max"] or 100, unit) if is_rate else "",
        tallies=tuple(
            Tally(_quantity(value, unit), tuple(one_line(row["unit_name"]) for row in rows))
            for value, rows in by_value.items()
        ),
        groups=tuple(
            (group["group_name"], len(members[code]))
            for code, group in month.groups.items()
            if code in members
        ),
        office=office.value if office else "",
        points_lost=points(sum((row["points_lost"] for row in losses), Decimal())),
        heading=words["heading"] or "",
        background=_sayer(metrics)(words["background"] or ""),
        demand=words["demand"] or "",
    )


def _sentence(lead: str, *parts: str) -> str:
    """The parts that say something as one sentence after `lead`; nothing if none does."""
    said = [part for part in parts if part]
    return f"{lead}{'，'.join(said)}。" if said else ""


def _sayer(metrics: Mapping[str, CityFigure]) -> Callable[[str], str]:
    """A function that fills `{code}`, `{code.rank}`, `{code.detail}` in, or says nothing."""

    def said(text: str) -> str:
        found: list[str] = []

        def fill(match: re.Match[str]) -> str:
            metric = metrics.get(match[1])
            found.append(getattr(metric, match[2] or "value") if metric else "")
            return found[-1]

        filled = re.sub(r"\{(\w+)(?:\.(\w+))?\}", fill, text)
        return filled if all(found) else ""

    return said


def _figures(metrics: Iterable[CityFigure]) -> str:
    """Figures with their places; neighbours of one value and place share it."""
    said = []
    for (value, rank), members in groupby(metrics, key=lambda metric: (metric.value, metric.rank)):
        names = [metric.name for metric in members]
        verb = "均" if len(names) > 1 else ""
        if not value:
            said.append(f"{'、'.join(names)}{verb}{rank}")
            continue
        if len(names) > 1 or value.endswith("%"):
            verb += "为"
        place = f"（全省排名{rank}）" if rank else ""
        said.append(f"{'、'.join(names)}{verb}{value}{place}")
    return "，".join(said)


def _listed(tallies: Iterable[Tally]) -> str:
    return "，".join(
        f"{'、'.join(tally.units)}{'各' if len(tally.units) > 1 else ''}{tally.value}"
        for tally in tallies
    )


def _rank(row: Row) -> str:
    if row["province_rank"] is None:
        return ""
    return f"{'倒数' if row['is_rank_from_bottom'] else ''}第{row['province_rank']}位"


def _quantity(value: Decimal | int, unit: str | None) -> str:
    return f"{plain_figure(value)}{unit or ''}"


def one_line(text: str | None) -> str:
    """A received text on one line, so that it cannot begin a paragraph."""
    return " ".join((text or "").split())


def _cell(text: str | None) -> str:
    """A received text as a cell of a template's table, in which `|` parts cells."""
    return one_line(text).replace("|", "／") or "—"
