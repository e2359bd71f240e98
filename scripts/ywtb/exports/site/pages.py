"""The pages of the site, rendered and written."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ywtb.assessment.figures import plain_figure
from ywtb.exports.release_month import Month
from ywtb.exports.site import drawing, formats, heat, history, records, rules, views
from ywtb.exports.site.views import Names, Ranking, Unit

HERE = Path(__file__).parent

NAVIGATION = (
    ("index.html", "总览"),
    ("losses.html", "失分分布"),
    ("annexes.html", "附件"),
    ("rules.html", "计分规则"),
    ("corrections.html", "勘误更正"),
    ("quality.html", "数据质量"),
    ("glossary.html", "术语"),
    ("downloads.html", "下载"),
)
"""Pages that every page links to."""

Crumb = tuple[str, str]
"""A page above: path and name."""

# Characters that no text of ours needs and that a page must not hold: control characters, marks
# that reverse the direction of writing, halves of characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Download:
    """A file beside the site.

    Attributes:
        href: relative to the site's folder, such as `../通报.docx`.
        title: what it is.
        note: what it is good for.
    """

    href: str
    title: str
    note: str = ""


def write_site(
    month: Month, folder: Path, downloads: Sequence[Download], earlier_months: Sequence[str]
) -> None:
    """Write the site of a month; the same month gives the same bytes.

    Args:
        month: what is shown.
        folder: where to; pages that an earlier export left there are removed.
        downloads: files to offer.
        earlier_months: months such as `2023-05` whose sites stand in `../../2023-05/site`.

    Raises:
        OSError: the folder cannot be written.
    """
    site = _Site(month, downloads, earlier_months)
    pages = site.pages()
    for path, text in pages.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    (folder / "site.css").write_bytes((HERE / "site.css").read_bytes())
    for left in folder.rglob("*.html"):
        if left.relative_to(folder).as_posix() not in pages:
            left.unlink()


class _Site:
    """Everything that the templates share, and the pages rendered so far."""

    def __init__(
        self, month: Month, downloads: Sequence[Download], earlier_months: Sequence[str]
    ) -> None:
        self.month = month
        self.downloads = downloads
        self.names = Names.of(month)
        self.rankings = views.rankings(month, self.names)
        self.rendered: dict[str, str] = {}
        self.script = (HERE / "ranking.js").read_text(encoding="utf-8")
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(
            anchor=formats.anchor,
            coordinate=drawing.number,
            month=formats.month_name,
            plain=plain_figure,
            points=formats.points,
            signed=formats.signed,
        )
        cities = dict.fromkeys(
            row["city_code"] for row in month.tables["marts.fct_composite_scores"]
        )
        self.environment.globals.update(
            month=month,
            names=self.names,
            rankings=self.rankings,
            cities=[self.names.cities[code] for code in cities],
            navigation=NAVIGATION,
            years=_by_year([month.month, *earlier_months]) if earlier_months else [],
            statuses=STATUSES,
            other_causes=heat.OTHER_CAUSES,
            quality=records.quality(month),
            bar=_bar,
            unit_pages=self._unit_pages(),
        )

    def pages(self) -> dict[str, str]:
        """Text by path."""
        names, month = self.names, self.month
        columns = records.column_names(month, names)
        self._add(
            "index.html",
            "总览",
            script=self.script,
            metrics=sorted(
                month.tables["marts.fct_city_metrics"], key=lambda row: row["source_row"]
            ),
            movers=[(ranking, *views.movers(ranking)) for ranking in self.rankings],
        )
        self._add(
            "losses.html",
            "失分分布",
            heats=[heat.heat(ranking, names) for ranking in self.rankings],
            steps=heat.STEPS,
        )
        for ranking in self.rankings:
            story = history.history(month, ranking)
            for unit in ranking.units:
                self._add(
                    f"unit/{unit.page}.html",
                    unit.name,
                    "unit.html",
                    [("index.html", "总览"), (f"index.html#{ranking.anchor}", ranking.title)],
                    unit=unit,
                    ranking=ranking,
                    history=story,
                )
        self._add("annexes.html", "附件")
        for annex in month.annexes:
            self._add(
                f"annex/{annex.number}.html",
                f"附件 {annex.number}　{annex.title}",
                "annex.html",
                [("annexes.html", "附件")],
                annex=annex,
            )
        self._add("rules.html", "计分规则", rules=rules.rules(month, names))
        self._add(
            "corrections.html",
            "勘误更正",
            errata=records.errata(month),
            revisions=records.revisions(month),
            columns=columns,
        )
        self._add(
            "quality.html",
            "数据质量",
            suites=records.suites(month),
            columns=columns,
        )
        self._add("glossary.html", "术语", rule_of=self._rule_of())
        self._add("downloads.html", "下载", downloads=self.downloads)
        return self.rendered

    def _add(
        self,
        path: str,
        title: str,
        template: str | None = None,
        crumbs: Sequence[Crumb] = (("index.html", "总览"),),
        script: str | None = None,
        **context: Any,
    ) -> None:
        text = self.environment.get_template(template or path).render(
            path=path,
            root="../" * path.count("/"),
            title=title,
            crumbs=crumbs if path != "index.html" else (),
            script=Markup(script) if script else None,  # noqa: S704 (a file of this package)
            policy=_policy(script),
            **context,
        )
        self.rendered[path] = _UNFIT.sub("�", text)

    def _unit_pages(self) -> dict[str, str]:
        """Page of a unit by its name; names that several units of the month bear are left out."""
        units = [unit for ranking in self.rankings for unit in ranking.units]
        count: dict[str, int] = {}
        for unit in units:
            count[unit.name] = count.get(unit.name, 0) + 1
        return {unit.name: f"unit/{unit.page}.html" for unit in units if count[unit.name] == 1}

    def _rule_of(self) -> dict[str, list[tuple[str, Decimal | None, str | None]]]:
        """For an indicator: group, maximum and rule, in order of groups."""
        found: dict[str, list[tuple[str, Decimal | None, str | None]]] = {}
        table = self.month.tables["intermediate.int_group_indicators_monthly"]
        groups = self.names.groups
        for row in sorted(table, key=lambda row: groups[row["group_code"]]["group_order"]):
            found.setdefault(row["indicator_code"], []).append(
                (groups[row["group_code"]]["group_name"], row["max_points"], row["rule_id"])
            )
        return found


def _by_year(months: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Months in order, by year; the latest year first."""
    years = groupby(sorted(months), key=lambda month: month[:4])
    return [(year, list(members)) for year, members in years][::-1]


STATUSES = {
    "A": ("正常", "按所印或所报的数值计"),
    "M": ("不适用", "该单位没有这项业务，按满分计"),
    "I": ("推算", "所印材料没有这一格，按其他所印数值推算，见勘误更正"),
    "L": ("未填", "没有填写；只出现在可以不填、也不计分的指标上"),
}
"""Statuses of an observation: code list CL_OBS_STATUS of SDMX, name and meaning here."""


def _policy(script: str | None) -> str:
    """The content security policy of a page: its stylesheet, and its one script if it has one."""
    rules_ = ["default-src 'none'", "style-src 'self' file:", "base-uri 'none'"]
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        rules_.append(f"script-src 'sha256-{digest}'")
    return "; ".join([*rules_, "form-action 'none'"])


@dataclass(frozen=True)
class _Bar:
    scored: list[drawing.Segment]
    missed: list[drawing.Segment]
    lost: list[drawing.Segment]
    distance: list[drawing.Segment]


def _bar(unit: Unit, ranking: Ranking) -> _Bar:
    """A unit's bars.

    Scores within the weights, losses by the group's greatest loss, and the distance of the total
    from the group's median, which is the middle of the bar.
    """
    parts = [(part.dimension["dimension_order"], part) for part in unit.parts]
    full = sum((part.weight for _, part in parts), Decimal(0))
    return _Bar(
        scored=drawing.stack(((order, part.weight, part.score) for order, part in parts), full),
        missed=drawing.stack(((order, part.weight, part.weight) for order, part in parts), full),
        lost=drawing.stack(
            ((order, part.lost, part.lost) for order, part in parts), ranking.greatest_loss
        ),
        distance=_distance(unit.exact - ranking.median, ranking.greatest_distance),
    )


def _distance(distance: Decimal, greatest: Decimal) -> list[drawing.Segment]:
    """A bar from the middle of its room, to the left for less and to the right for more."""
    start = greatest + min(distance, Decimal(0))
    pieces = [(0, start, Decimal(0)), (-1 if distance < 0 else 1, abs(distance), abs(distance))]
    return drawing.stack(pieces, 2 * greatest)
