"""The pages of the site, rendered and written."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ywtb.assessment import figures
from ywtb.exports.corrections import KINDS
from ywtb.exports.formats import Download
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site import drawing, heat, history, records, rules, views
from ywtb.exports.site.views import Ranking, ScoredUnit

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


def write_site(
    month: ReleaseMonth, folder: Path, downloads: Sequence[Download], earlier: Mapping[str, str]
) -> None:
    """Write the site of a month; the same month gives the same bytes.

    Args:
        month: what is shown.
        folder: where to; pages that an earlier export left there are removed.
        downloads: files to offer.
        earlier: folders of earlier months, which hold their `site`, as seen from the month's own
            folder, such as `../2023-05`; by month.

    Raises:
        OSError: the folder cannot be written.
    """
    site = _Site(month, downloads, earlier)
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
        self, month: ReleaseMonth, downloads: Sequence[Download], earlier: Mapping[str, str]
    ) -> None:
        self.month = month
        self.downloads = downloads
        self.rankings = views.rankings(month)
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
            anchor=views.anchor,
            coordinate=drawing.number,
            month=figures.month_name,
            plain=figures.plain_figure,
            points=figures.points,
            signed=figures.signed,
        )
        self.environment.globals.update(
            month=month,
            rankings=self.rankings,
            navigation=NAVIGATION,
            years=_by_year([month.month, *earlier]) if earlier else [],
            earlier=earlier,
            statuses=STATUSES,
            other_causes=heat.OTHER_CAUSES,
            quality=records.quality(month),
            bar=_bar,
            unit_pages=self._unit_pages(),
        )

    def pages(self) -> dict[str, str]:
        """Text by path."""
        month, tables = self.month, self.month.tables
        columns = records.column_names(month)
        self._add(
            "index.html",
            "总览",
            script=self.script,
            metrics=sorted(tables["marts.fct_city_metrics"], key=itemgetter("source_row")),
            movers=[(ranking, *views.movers(ranking)) for ranking in self.rankings],
        )
        self._add(
            "losses.html",
            "失分分布",
            heats=[heat.heat(month, ranking) for ranking in self.rankings],
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
        annexes = (None, *month.annexes, None)
        for before, annex, after in zip(annexes, month.annexes, annexes[2:], strict=False):
            self._add(
                f"annex/{annex.number}.html",
                f"附件 {annex.number}　{annex.title}",
                "annex.html",
                [("annexes.html", "附件")],
                annex=annex,
                before=before,
                after=after,
            )
        self._add("rules.html", "计分规则", rules=rules.rules(month))
        self._add(
            "corrections.html",
            "勘误更正",
            errata=grouped(tables["audit.errata_in_force"], "erratum_id").values(),
            kinds=KINDS,
            revisions=sorted(
                grouped(tables["audit.revisions"], "release_id").values(),
                key=lambda rows: rows[0]["revised_at"],
                reverse=True,
            ),
            columns=columns,
        )
        self._add(
            "quality.html",
            "数据质量",
            suites=records.suites(month),
            columns=columns,
        )
        self._add("glossary.html", "术语", uses=grouped(month.uses, "indicator_code"))
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
        self.rendered[path] = figures.printable(text)

    def _unit_pages(self) -> dict[str, str]:
        """Page of a unit by its name; names that several units of the month bear are left out."""
        units = [unit for ranking in self.rankings for unit in ranking.units]
        count = Counter(unit.name for unit in units)
        return {unit.name: f"unit/{unit.page}.html" for unit in units if count[unit.name] == 1}


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


def _bar(unit: ScoredUnit, ranking: Ranking) -> _Bar:
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
