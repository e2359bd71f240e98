"""The pages of the site, rendered and written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ywtb import html_page
from ywtb.assessment import figures
from ywtb.assessment.reviews import DECISIONS
from ywtb.exports import standings
from ywtb.exports.bulletin.boards import boards
from ywtb.exports.bulletin.frame import frame
from ywtb.exports.bulletin.narrative import narrative, part, problems
from ywtb.exports.corrections import KINDS, notices
from ywtb.exports.exposures import Download
from ywtb.exports.news import FEED
from ywtb.exports.rectifications import Ledger, rectifications
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site import changes, drawing, filters, heat, history, records, rules, sure
from ywtb.exports.standings import Ranking, ScoredUnit
from ywtb.release.queries import Row

HERE = Path(__file__).parent

LEDGER = "rectifications.html"

NAVIGATION = (
    ("index.html", "总览"),
    ("bulletin.html", "通报"),
    ("losses.html", "失分分布"),
    ("changes.html", "变化与原因"),
    ("compare.html", "单位比较"),
    ("sure.html", "名次有多稳"),
    (LEDGER, "整改"),
    ("annexes.html", "附件"),
    ("rules.html", "计分规则"),
    ("corrections.html", "勘误更正"),
    ("quality.html", "数据质量"),
    ("glossary.html", "术语"),
    ("downloads.html", "下载"),
)
"""Pages that every page links to; that of the ledger where one is made."""

PROBLEMS_SHOWN = 6
"""Problems that the overview shows at once; the others unfold."""

STATUSES = {
    "A": ("正常", "按所印或所报的数值计"),
    "M": ("不适用", "该单位没有这项业务，按满分计"),
    "I": ("推算", "所印材料没有这一格，按其他所印数值推算，见勘误更正"),
    "L": ("未填", "没有填写；只出现在可以不填、也不计分的指标上"),
}
"""Statuses of an observation: code list CL_OBS_STATUS of SDMX, name and meaning here."""


def write_site(
    month: ReleaseMonth,
    folder: Path,
    downloads: Sequence[Download],
    earlier: Mapping[str, str],
    gained: Mapping[str, Sequence[Row]] | None = None,
    wait: Callable[[], None] = lambda: None,
) -> None:
    """Write the site of a month; the same month gives the same bytes.

    Args:
        month: what is shown.
        folder: where to; pages that an earlier export left there are removed.
        downloads: files to offer.
        earlier: folders of earlier months, which hold their `site`, as seen from the month's own
            folder, such as `../2023-05`; by month.
        gained: by unit what indicators would gain it, as `ywtb.release.improve.gains` has it.
        wait: waits for files to offer that are not there yet.

    Raises:
        OSError: the folder cannot be written.
    """
    rankings, ledger = standings.rankings(month), rectifications(month)
    environment = html_page.environment(HERE / "templates")
    environment.filters.update(
        anchor=filters.anchor,
        coordinate=drawing.number,
        decimal=Decimal,
        figure=filters.figure,
        groupby_first=lambda causes: groupby(causes, key=itemgetter(0)),
        month=figures.month_name,
        page_name=filters.page_name,
        plain=figures.plain_figure,
        points=figures.points,
        signed=figures.signed,
    )
    years = groupby(sorted([month.month, *earlier]), key=lambda each: each[:4])
    environment.globals.update(
        month=month,
        rankings=rankings,
        ledger=ledger,
        navigation=[each for each in NAVIGATION if ledger or each[0] != LEDGER],
        years=[(year, list(months)) for year, months in years][::-1],
        earlier=earlier,
        feed=FEED,
        all_months="../../index.html" if month.is_only_city else "../../../index.html",
        statuses=STATUSES,
        decisions=DECISIONS,
        other_causes=standings.OTHER_CAUSES,
        quality=records.quality(month),
        columns=records.column_names(month),
        bar=_bar,
        gained=gained or {},
        targets=grouped(month.tables["marts.fct_target_distances"], "unit_id"),
        ranges=sure.ranges(month),
        unit_pages={unit.name: _unit_page(unit) for ranking in rankings for unit in ranking.units},
    )
    written = set()
    for page in _pages(month, rankings, ledger, _Shelves(folder.parent, downloads, wait)):
        template = environment.get_template(page.template or page.path)
        text = template.render(
            path=page.path,
            root="../" * page.path.count("/"),
            title=page.title,
            crumbs=page.crumbs,
            script=page.script,
            policy=html_page.content_policy("'self' file:", page.script),
            **page.context,
        )
        target = folder / page.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(figures.printable(text), encoding="utf-8", newline="\n")
        written.add(target)
    (folder / "site.css").write_bytes((HERE / "site.css").read_bytes())
    for left in folder.rglob("*.html"):
        if left not in written:
            left.unlink()


@dataclass(frozen=True)
class _Page:
    """A page: its template where that is not called like the page, and what stands above it."""

    path: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict)
    crumbs: Sequence[tuple[str, str]] = (("index.html", "总览"),)
    template: str = ""
    script: str | None = None


def _pages(
    month: ReleaseMonth,
    rankings: Sequence[Ranking],
    ledger: Ledger | None,
    shelves: "_Shelves",
) -> Iterator[_Page]:
    tables = month.tables
    metrics = sorted(tables["marts.fct_city_metrics"], key=itemgetter("source_row"))
    movers = [(ranking, *standings.movers(ranking)) for ranking in rankings]
    opening = {
        "said": [*part(month, "summary"), *part(month, "judgement")],
        "problems": sorted(
            problems(month), key=lambda each: Decimal(each.points_lost or 0), reverse=True
        ),
        "shown": PROBLEMS_SHOWN,
    }
    overview = {**opening, "metrics": metrics, "movers": movers, "boards": boards(month)}
    yield _Page("index.html", "总览", overview, (), script=_script("ranking"))
    text = {"paragraphs": narrative(month), "frame": frame(month)}
    yield _Page("bulletin.html", "通报", text)
    heats = [heat.heat(month, ranking) for ranking in rankings]
    yield _Page("losses.html", "失分分布", {"heats": heats, "steps": heat.STEPS})
    changed = changes.changes(month, rankings)
    yield _Page("changes.html", "变化与原因", {"changes": changed})
    yield _Page("compare.html", "单位比较", script=_script("compare"))
    by_unit = {each.unit.total["unit_id"]: each for group in changed for each in group.units}
    yield _Page("sure.html", "名次有多稳", sure.context(month, rankings))
    for ranking in rankings:
        story = history.history(month, ranking)
        crumbs = (("index.html", "总览"), (f"index.html#{ranking.anchor}", ranking.title))
        for unit in ranking.units:
            context = {
                "unit": unit,
                "ranking": ranking,
                "history": story,
                "change": by_unit.get(unit.total["unit_id"]),
            }
            yield _Page(_unit_page(unit), unit.name, context, crumbs, "unit.html")
    if ledger:
        sections = [(code, group["group_name"]) for code, group in month.groups.items()]
        listed = {"sections": [*sections, ("", "其他单位")]}
        yield _Page(LEDGER, ledger.title, listed)
    yield _Page("annexes.html", "附件")
    around = (None, *month.annexes, None)
    for before, annex, after in zip(around, month.annexes, around[2:], strict=False):
        yield _Page(
            f"annex/{annex.number}.html",
            f"附件 {annex.number}　{annex.title}",
            {"annex": annex, "before": before, "after": after},
            (("annexes.html", "附件"),),
            "annex.html",
        )
    yield _Page("rules.html", "计分规则", {"rules": rules.rules(month)})
    errata = grouped(tables["audit.errata_in_force"], "erratum_id").values()
    corrected = {"errata": errata, "kinds": KINDS, "notices": notices(month)[::-1]}
    yield _Page("corrections.html", "勘误更正", corrected)
    yield _Page("quality.html", "数据质量", {"suites": records.suites(month)})
    yield _Page("glossary.html", "术语", {"uses": grouped(month.uses, "indicator_code")})
    yield _Page("downloads.html", "下载", {"shelves": shelves.filled()})


FEW = 9
"""Files of a folder up to which each is offered on its own."""


@dataclass(frozen=True)
class _Shelves:
    """Files to offer, once they are there."""

    folder: Path
    downloads: Sequence[Download]
    wait: Callable[[], None]

    def filled(self) -> list[tuple[str, list[tuple[Download, str]]]]:
        """Each shelf's name, blank for the first, and its files with their sizes."""
        self.wait()
        folders = grouped(
            ({"folder": file.path.rpartition("/")[0], "file": file} for file in self.downloads),
            "folder",
        )
        shelves: dict[str, list[tuple[Download, str]]] = {"": []}
        for name, files in folders.items():
            shelf = shelves.setdefault("" if len(files) <= FEW else name, [])
            shelf += [(each["file"], self._size(each["file"])) for each in files]
        return list(shelves.items())

    def _size(self, file: Download) -> str:
        path = self.folder / file.path
        if not path.is_file():  # the list of files, which is written when all of them are there
            return ""
        size = path.stat().st_size
        return f"{size:,} 字节" if size < 1024 else f"{size / 1024:,.0f} KB"


def _unit_page(unit: ScoredUnit) -> str:
    return f"unit/{filters.page_name(unit.total['unit_id'])}.html"


def _script(name: str) -> Markup:
    return Markup((HERE / f"{name}.js").read_text(encoding="utf-8"))  # noqa: S704 (our own)


def _bar(unit: ScoredUnit, ranking: Ranking) -> dict[str, list[drawing.Segment]]:
    """A unit's bars.

    Scores within the weights, losses by the group's greatest loss, and the distance of the total
    from the group's median, which is the middle of the bar.
    """
    parts = [(part.dimension["dimension_order"], part) for part in unit.parts]
    full = sum((part.weight for _, part in parts), Decimal(0))
    distance, greatest = unit.exact - ranking.median, ranking.greatest_distance
    start = greatest + min(distance, Decimal(0))
    apart = (-1 if distance < 0 else 1, abs(distance), abs(distance))
    return {
        "scored": drawing.stack(((order, part.weight, part.score) for order, part in parts), full),
        "missed": drawing.stack(((order, part.weight, part.weight) for order, part in parts), full),
        "lost": drawing.stack(
            ((order, part.lost, part.lost) for order, part in parts), ranking.greatest_loss
        ),
        "distance": drawing.stack([(0, start, Decimal(0)), apart], 2 * greatest),
    }
