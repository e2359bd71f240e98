"""The site of a month: what its pages say, that they stand alone, and that a browser likes them."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import lxml.html
import pytest

from conftest import Sandbox
from export_months import CITY, MARKUP, read_june
from ywtb.assessment.figures import printable
from ywtb.exports.bulletin.narrative import narrative
from ywtb.exports.exposures import Download
from ywtb.exports.news import FEED
from ywtb.exports.release_month import Annex, ReleaseMonth, grouped, read_month
from ywtb.exports.site.filters import page_name
from ywtb.exports.site.months import MonthlySite, write_months
from ywtb.exports.site.pages import write_site
from ywtb.project import Project
from ywtb.release.improve import improvements
from ywtb.release.queries import Row, open_release

KINDS = (
    "index.html",
    "bulletin.html",
    "losses.html",
    "changes.html",
    "compare.html",
    "sure.html",
    "unit/511700-A08.html",
    "annexes.html",
    "annex/1.html",
    "rules.html",
    "corrections.html",
    "quality.html",
    "glossary.html",
    "downloads.html",
)
"""A page of each kind."""

SCRIPTED = ("index.html", "compare.html")

DOWNLOADS = (
    Download("附件1-11.xlsx", "附件1至11", "工作簿"),
    Download("通报 终稿#1.docx", "通报"),
)

BOARDS = {
    "rank_progress": "进步榜", "last_places": "各组后三名", "score_progress": "得分进步榜",
    "first_places": "各组前三名",
}  # fmt: skip
TARGETS = (
    ("seal_rate", "at_least", Decimal("0.25")),
    ("overdue_case_count", "at_most", Decimal(0)),
)

NASTY = "".join(MARKUP) + "\x00'"
NASTY_ID = f"../../../{NASTY}"


@dataclass
class Pages:
    """A written site."""

    folder: Path
    trees: dict[str, Any] = field(default_factory=dict)

    def tree(self, path: str) -> Any:
        """A page, parsed."""
        if path not in self.trees:
            text = (self.folder / path).read_text(encoding="utf-8")
            self.trees[path] = lxml.html.document_fromstring(text)
        return self.trees[path]

    def paths(self) -> list[str]:
        """All pages."""
        return sorted(
            each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*.html")
        )


def write(month: ReleaseMonth, folder: Path, earlier: list[str]) -> Pages:
    """Write the site with the neighbours that it links to."""
    site = folder / "2023-06" / "site"
    write_site(month, site, DOWNLOADS, {each: f"../{each}" for each in earlier})
    write_months(folder, [MonthlySite(month.month, CITY, None, site)])
    (folder / FEED).touch()
    for download in DOWNLOADS:
        (site.parent / download.path).touch()
    for other in earlier:
        neighbour = folder / other / "site" / "index.html"
        neighbour.parent.mkdir(parents=True, exist_ok=True)
        neighbour.touch()
    return Pages(site)


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    return read_june(june)


@pytest.fixture(scope="module")
def site(month: ReleaseMonth, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return write(month, tmp_path_factory.mktemp("site"), [])


@pytest.fixture(scope="module")
def eventful(month: ReleaseMonth) -> ReleaseMonth:
    """June after five years, in which everything happened that may happen to a unit."""
    months = [date(2018 + (6 + place) // 12, (6 + place) % 12 + 1, 1) for place in range(60)]
    newest = month.tables["marts.fct_composite_scores"]
    history: list[Row] = []
    for place, each in enumerate(months):
        for number, row in enumerate(newest):
            swing = Decimal((place * 7 + number * 5) % 19 - 9) / 10
            score = row["exact_score"] + (swing if each != months[-1] else 0)
            is_absent = row["unit_id"] == "511700-A08" and place % 17 == 3
            is_later = row["unit_id"] == "511700-A03" and place < 59
            group = "A" if row["unit_id"] == "511700-B02" and place < 40 else row["group_code"]
            if not is_absent and not is_later:
                history.append(
                    {**row, "score_month": each, "exact_score": score, "group_code": group}
                )
    changes = []
    for number, row in enumerate(month.tables["marts.fct_monthly_changes"]):
        is_moved = row["unit_id"] == "511700-B02"
        compared = {
            "previous_group_code": "A" if is_moved else row["group_code"],
            "previous_score": row["exact_score"] - 1,
            "score_change": Decimal(1) if number % 3 else Decimal("-0.3"),
            "previous_rank": None if is_moved else row["score_rank"] + number % 5 - 2,
            "places_gained": None if is_moved else number % 5 - 2,
            "previous_month": months[-2] if number else months[-4],
            "is_consecutive": number > 0,
        }
        changes.append(row if row["unit_id"] == "511700-A03" else {**row, **compared})
    indicator = {
        "dimension_code": "subsites", "dimension_name": "分站点建设维护", "cause": "value",
        "cause_name": "数值", "indicator_code": "app_fault_count", "indicator_name": "应用异常数",
        "previous_value": Decimal(1), "obs_value": Decimal(0),
    }  # fmt: skip
    compared_units = [row for row in changes if row["previous_month"]]
    effects = [{**row, **indicator, "effect": row["score_change"]} for row in compared_units]
    by_previous_rules = [
        {
            **row,
            "rank_by_previous_rules": row["score_rank"],
            "is_comparable": row is not compared_units[0],
        }
        for row in compared_units
    ]
    revision = {
        "release_id": "20230803T020000000000Z", "revised_at": datetime(2023, 8, 3, 2, 0),
        "reason": "市残联申诉属实", "score_month": month.first_day, "city_code": CITY,
        "printed_in": "附件2",
        "unit_name": "市残联", "column_name": "综合得分", "old_value": "89.30",
        "new_value": "89.40", "old_rank": 26, "new_rank": None, "causes": None,
    }  # fmt: skip
    options = [
        {"score_month": month.first_day, "option_code": code, "option_name": name, "places": 3}
        for code, name in BOARDS.items()
    ]
    targets = [
        {
            **row,
            "target_kind": kind,
            "target_value": Decimal("99.5"),
            "target_distance": distance,
            "is_reached": not distance,
        }
        for row in month.tables["marts.fct_observations"]
        for code, kind, distance in TARGETS
        if row["indicator_code"] == code
    ]
    warned = [dict(row) for row in month.tables["audit.expectation_results"]]
    warned[9].update(is_success=False, severity="warn", message="与上月相差过大")
    floor = {
        **next(row for row in month.tables["audit.points_lost_ledger"]
               if row["entry_type"] == "adjustment"),
        "entry_type": "dimension_floor", "erratum_id": None, "points_lost": Decimal("-0.5"),
        "reason": "本项得分扣至 0 分为止",
    }  # fmt: skip
    faults = [*month.tables["marts.fct_rectifications"]]
    progress = [*month.tables["marts.fct_rectification_progress"]]
    gone = {"unit_id": "511700-A99", "unit_name": "已撤并的局", "group_code": "Z"}
    unknown = {
        "status": "unverified",
        "status_name": "未能核对",
        "obs_value": None,
        "points_lost": None,
    }
    closed = {
        "status": "closed", "status_name": "已办结", "found_month": months[-5],
        "opened_month": months[-2], "closed_month": months[-1], "term_basis_name": "假定",
        "term_ends_on": date(2023, 6, 30), "is_in_time": True, "notes": "2023-06-20：已补充配置",
    }  # fmt: skip
    ended = {
        **faults[1], **unknown, "indicator_code": "seal_rate", "indicator_name": "电子证照签章率",
        "status": "discontinued", "status_name": "不再考核", "closed_month": months[-1],
    }  # fmt: skip
    faults += [{**faults[0], **gone, **unknown}, {**faults[0], **closed}, ended]
    progress += [{**progress[0], **gone}]
    decided = {
        "overdue_count": 1,
        "in_time_count": 1,
        "decided_count": 2,
        "in_time_rate": Decimal(50),
    }
    progress[0] = {**progress[0], **decided}
    return replace(
        month,
        tables={
            **month.tables,
            "marts.fct_rectification_progress": progress,
            "marts.fct_rectifications": [*faults[1:]],
            "marts.fct_monthly_changes": changes,
            "marts.fct_score_change_effects": effects,
            "marts.fct_target_distances": targets,
            "marts.fct_scores_by_previous_rules": by_previous_rules,
            "marts.fct_year_to_date_scores": [
                {**row, "year_month_count": 6, "scored_month_count": 5}
                for row in month.tables["marts.fct_year_to_date_scores"]
            ],
            "audit.revisions": [revision],
            "intermediate.int_bulletin_options_monthly": options,
            "reference.cities": [{**month.city, "office_contact": "0818-0000000"}],
            "audit.expectation_results": warned,
            "audit.points_lost_ledger": [*month.tables["audit.points_lost_ledger"], floor],
        },
        totals=history,
    )


EARLIER = [f"{year}-{number:02}" for year in range(2018, 2023) for number in range(1, 13)]


@pytest.fixture(scope="module")
def eventful_site(eventful: ReleaseMonth, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return write(eventful, tmp_path_factory.mktemp("eventful"), EARLIER)


WRITTEN_BY_PEOPLE = {
    "annex_nos",
    "basis_name",
    "city_name",
    "column_name",
    "corrected_value",
    "description",
    "detail",
    "dimension_name",
    "document_name",
    "erratum_id",
    "evidence",
    "expected",
    "feed_name",
    "group_name",
    "indicator_name",
    "message",
    "metric_name",
    "metric_text",
    "new_value",
    "notes",
    "observed",
    "office_contact",
    "office_name",
    "old_value",
    "option_name",
    "printed_value",
    "reason",
    "rule_text",
    "source_file",
    "status_name",
    "term_basis_name",
    "unit_label",
    "unit_name",
    "value_unit",
}


def nasty(text: str) -> str:
    """Put markup into a text."""
    return f"{NASTY}{text}"


def spoilt(table: list[Row]) -> list[Row]:
    """A table with markup in every text that people write, and in the id of a unit."""
    return [
        {
            key: NASTY_ID
            if value == "511700-A08"
            else nasty(value)
            if key in WRITTEN_BY_PEOPLE and isinstance(value, str)
            else value
            for key, value in row.items()
        }
        for row in table
    ]


@pytest.fixture(scope="module")
def nasty_site(eventful: ReleaseMonth, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    def annex(each: Annex) -> Annex:
        return replace(
            each,
            title=nasty(each.title),
            notes=tuple(nasty(note) for note in each.notes),
            headings=tuple(replace(cell, text=nasty(cell.text)) for cell in each.headings),
            texts=tuple(tuple(nasty(text) for text in row) for row in each.texts),
        )

    month = replace(
        eventful,
        tables={name: spoilt(list(table)) for name, table in eventful.tables.items()},
        totals=spoilt(list(eventful.totals)),
        annexes=tuple(annex(each) for each in eventful.annexes),
    )
    return write(month, tmp_path_factory.mktemp("nasty"), EARLIER)


# What the pages say.


def text_of(element: Any, hidden: str = "rounded") -> str:
    """What an element says with exact figures, or with rounded ones if the exact are hidden."""
    texts = element.xpath(f".//text()[not(parent::*[@class='{hidden}'])]")
    return re.sub(r"\s+", " ", "".join(texts)).strip()


def test_a_units_page_accounts_for_every_point(month: ReleaseMonth, site: Pages) -> None:
    for row in month.tables["marts.fct_composite_scores"]:
        tree = site.tree(f"unit/{row['unit_id']}.html")
        shown = [text_of(each) for each in tree.xpath("//ol[@class='ledger']/li/p")]
        lost = sum(-Decimal(each.replace("−", "-").replace("+", "")) for each in shown)
        assert lost == 100 - row["exact_score"]
        entries = [
            each
            for each in month.tables["audit.points_lost_ledger"]
            if each["unit_id"] == row["unit_id"]
        ]
        assert len(shown) == len(entries)
        page = text_of(tree)
        for entry in entries:
            assert entry["reason"] in page
            if entry["source_file"]:
                place = f"{entry['source_file']} 第 {entry['source_row']} 行"
                assert f"{place} {entry['indicator_code']} 列" in page


def test_a_unit_learns_what_is_missing_to_the_next_place(month: ReleaseMonth, site: Pages) -> None:
    table = month.tables["marts.fct_composite_scores"]
    for row in table:
        group = [each["exact_score"] for each in table if each["group_code"] == row["group_code"]]
        better = [score for score in group if score > row["exact_score"]]
        tree = site.tree(f"unit/{row['unit_id']}.html")
        (place,) = tree.xpath("//div[p='到上一名']/p[@class='number']")
        number = text_of(place).removesuffix("分")
        assert number == "—" if not better else Decimal(number) == min(better) - row["exact_score"]


def test_annex_pages_hold_the_printed_cells(month: ReleaseMonth, site: Pages) -> None:
    printed: dict[int, dict[tuple[int, int], str]] = {}
    for cell in month.tables["audit.annex_cells"]:
        place = (cell["row_no"], cell["column_no"])
        printed.setdefault(cell["annex_no"], {})[place] = cell["cell_text"]
    assert len(printed) == len(month.annexes)
    for annex in month.annexes:
        tree = site.tree(f"annex/{annex.number}.html")
        shown = {
            (row_no, column_no): cell.text_content()
            for row_no, row in enumerate(tree.xpath("//table/tbody/tr"), 1)
            for column_no, cell in enumerate(row, 1)
        }
        assert shown == printed[annex.number]


def test_annex_headings_cover_every_column_once(month: ReleaseMonth, site: Pages) -> None:
    for annex in month.annexes:
        covered: Counter[tuple[int, int]] = Counter()
        for level, row in enumerate(site.tree(f"annex/{annex.number}.html").xpath("//thead/tr")):
            column = 0
            for cell in row:
                assert cell.get("scope") == ("colgroup" if cell.get("colspan") else "col")
                while covered[level, column]:
                    column += 1
                for down in range(int(cell.get("rowspan", 1))):
                    for right in range(int(cell.get("colspan", 1))):
                        covered[level + down, column + right] += 1
        columns = range(len(annex.columns))
        assert covered == {(row, each): 1 for row in range(annex.heading_rows) for each in columns}


def test_the_overview_lists_all_units_and_the_quality(month: ReleaseMonth, site: Pages) -> None:
    tree = site.tree("index.html")
    totals = sorted(
        (row["unit_name"], str(row["composite_score"]))
        for row in month.tables["marts.fct_composite_scores"]
    )
    rows = tree.xpath("//table[@class='ranking']/tbody/tr")
    assert sorted((text_of(row[1]), text_of(row[2])) for row in rows) == totals
    page = text_of(tree)
    for stated in ("93.24", "全省排名第 2 位", "2,253 / 2,253", "366 / 366", "27 处", "156 格"):
        assert stated.replace(" ", "") in page.replace(" ", "")
    assert "没有更早的月份" in page


def test_the_overview_says_what_the_bulletin_says(
    month: ReleaseMonth, site: Pages, eventful_site: Pages
) -> None:
    bulletin = site.tree("bulletin.html")
    text = text_of(bulletin.xpath("//article")[0])
    assert all(each.text in text for each in narrative(month))
    tree = site.tree("index.html")
    said = [text_of(each) for each in tree.xpath("//div[@class='said']/p[not(a)]")]
    assert len("".join(said).split("。")) - 1 in (3, 4, 5)
    assert all(each in text for each in said)
    (problems,) = tree.xpath("//section[@class='problems']")
    assert [text_of(each) for each in problems.xpath(".//strong")] == [
        "电子证照未同步签章问题6个",
        "“线上线下不一致”问题4个",
    ]
    units = [link.text for link in problems.xpath(".//a")]
    assert units == ["大竹县", "达川区", "大竹县", "渠县", "开江县"]


def test_a_month_without_problems_and_one_full_of_them(month: ReleaseMonth, tmp_path: Path) -> None:
    is_fault = {row["rule_id"]: row["is_fault"] for row in month.tables["marts.dim_rules"]}

    def lost(points: str) -> ReleaseMonth:
        scores = [
            {**row, "obs_value": row["obs_value"] or 1, "points_lost": Decimal(points)}
            if is_fault[row["rule_id"]]
            else row
            for row in month.tables["marts.fct_indicator_scores"]
        ]
        calm = {"marts.fct_indicator_scores": scores, "marts.fct_city_metrics": []}
        return replace(month, tables={**month.tables, **calm})

    calm = write(lost("0"), tmp_path / "calm", []).tree("index.html")
    assert not calm.xpath("//*[@class='problems']")
    assert "没有因工作差错失分的单位" in text_of(calm)
    busy = write(lost("0.1"), tmp_path / "busy", []).tree("index.html")
    problems = busy.xpath("//section[@class='problems']//strong")
    (folded,) = busy.xpath("//section[@class='problems']/details")
    assert len(problems) > 20
    assert len(folded.xpath(".//strong")) == len(problems) - 6
    assert len(set(busy.xpath("//section[@class='problems']//a/@href"))) == 49


def test_figures_of_a_column_have_the_same_decimals(site: Pages, eventful_site: Pages) -> None:
    for pages in (site, eventful_site):
        for path in ("index.html", "losses.html", "unit/511700-A08.html"):
            for table in pages.tree(path).xpath("//table[not(contains(@class, 'metrics'))]"):
                columns: dict[int, set[int]] = {}
                for row in table.xpath(".//tbody/tr"):
                    for column, cell in enumerate(row):
                        text = re.sub(r"[▲▼].*", "", text_of(cell, hidden="exact"))
                        if re.fullmatch(r"[+−]?\d+(\.\d+)?", text) and column != 1:
                            columns.setdefault(column, set()).add(len(text.partition(".")[2]))
                assert all(len(found) == 1 for found in columns.values()), (path, columns)


def test_losses_are_listed_by_size(month: ReleaseMonth, site: Pages) -> None:
    for unit in month.units:
        lost = site.tree(f"unit/{unit}.html").xpath("//p[@class='lost']")
        points = [Decimal(text_of(each).replace("−", "-")) for each in lost]
        assert points == sorted(points)


def test_the_page_over_all_months_leads_to_each(tmp_path: Path) -> None:
    def listed(*sites: MonthlySite) -> list[str]:
        write_months(tmp_path / "draft", sites)
        tree = lxml.html.document_fromstring((tmp_path / "draft/index.html").read_bytes())
        assert nasty("市") not in tree.xpath("//script") and not tree.xpath("//img")
        return [str(link) for link in tree.xpath("//main//@href")]

    (tmp_path / "draft").mkdir()
    final = MonthlySite("2023-06", nasty("市"), None, tmp_path / "2023-06/site")
    draft = MonthlySite("2023-07", nasty("市"), nasty("稿"), tmp_path / "draft/2023-07/site")
    assert listed(final, draft) == ["2023-07/site/index.html", "../2023-06/site/index.html"]
    write_months(tmp_path / "draft", [])
    assert list((tmp_path / "draft").iterdir()) == []


def test_losses_add_up_in_every_row(month: ReleaseMonth, site: Pages) -> None:
    exact = {
        row["unit_name"]: row["exact_score"] for row in month.tables["marts.fct_composite_scores"]
    }
    seen = set()
    for row in site.tree("losses.html").xpath("//tr[not(@class='median')][td]"):
        name, *cells, total = (text_of(cell) for cell in row)
        assert sum(Decimal(cell) for cell in cells if cell != "—") == Decimal(total)
        assert Decimal(total) == 100 - exact[name]
        seen.add(name)
    assert seen == set(exact)


def test_how_sure_a_place_is_stands_beside_it(month: ReleaseMonth, site: Pages) -> None:
    ranges = {
        row["unit_name"]: f"{row['best_rank']}–{row['worst_rank']}"
        for row in month.tables["marts.fct_rank_ranges"]
        if row["step_code"] == "certain" and not row["is_certain"]
    }
    assert len(ranges) == 48
    for page, heading in (("index.html", "名次区间"), ("sure.html", "各步合计")):
        shown = {}
        for table in site.tree(page).xpath("//table[@class='ranking']"):
            place = [text_of(each) for each in table.xpath(".//thead//th")].index(heading)
            for row in table.xpath(".//tbody/tr"):
                shown[text_of(row.xpath("./th")[0])] = text_of(row.xpath("./*")[place])
        assert ranges.items() <= shown.items(), page
        assert shown["市城管执法局"].split()[0] == "1"
    text = text_of(site.tree("unit/511700-A08.html"))
    assert "换一种取法，名次在第 4 至第 9 名之间" in text
    sure = text_of(site.tree("sure.html"))
    assert all(row["finding"] in sure for row in month.tables["marts.fct_robustness_steps"])
    assert "可取 0.0026 至 0.0042" in sure
    assert "所印 4.98，按规则 5.00，另作得分调整 −0.02" in sure


def test_a_drawn_curve_gives_the_points_that_were_scored(month: ReleaseMonth) -> None:
    curves = grouped(month.tables["intermediate.int_rule_curves"], "rule_id", "max_points")
    for row in month.tables["marts.fct_indicator_scores"]:
        if row["obs_value"] is not None:
            vertices = sorted(
                (each["vertex_value"], each["points"])
                for each in curves[row["rule_id"], row["max_points"]]
            )
            (left, low), (right, high) = next(
                (one, two)
                for one, two in pairwise(vertices)
                if one[0] <= row["obs_value"] <= two[0]
            )
            between = low + (high - low) * (row["obs_value"] - left) / (right - left)
            assert abs(between - row["points"]) < Decimal("1e-6"), row


def test_every_rule_in_force_is_shown_with_its_basis(month: ReleaseMonth, site: Pages) -> None:
    tree = site.tree("rules.html")
    bases = {row["basis"]: row["basis_name"] for row in month.tables["reference.rule_bases"]}
    shown = {
        article.get("id").removeprefix("rule-"): text_of(article.xpath(".//h3/span")[0])
        for article in tree.xpath("//article")
    }
    rules = month.tables["marts.dim_rules"]
    assert shown == {row["rule_id"]: bases[row["basis"]] for row in rules}
    page = text_of(tree)
    for row in rules:
        assert all(text in page for text in (*row["rule_text"].split("；"), row["evidence"]))


def test_five_years_are_drawn_and_compared(eventful: ReleaseMonth, eventful_site: Pages) -> None:
    tree = eventful_site.tree("unit/511700-A08.html")
    own = tree.xpath("//path[@class='own']/@d")[0]
    months = [row for row in eventful.totals if row["unit_id"] == "511700-A08"]
    assert own.count("M") == 5, "a month without a score interrupts the line"
    assert own.count("M") + own.count("L") == len(months) == len(tree.xpath("//circle"))
    assert eventful_site.tree("unit/511700-B02.html").xpath("//circle[@class='own elsewhere']")
    assert len(eventful_site.tree("unit/511700-A03.html").xpath("//circle")) == 1
    page = text_of(eventful_site.tree("index.html"))
    assert "名次上升最多" in page and "新列入本组" in page and "其间没有考核" in page
    assert "0818-0000000" in page
    assert "市残联申诉属实" in text_of(eventful_site.tree("corrections.html"))
    assert "与上月相差过大" in text_of(eventful_site.tree("quality.html"))


def test_a_month_may_lack_metrics_print_and_corrections(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    missing = (
        "marts.fct_city_metrics", "audit.cell_reconciliation", "audit.score_reconciliation",
        "audit.errata_in_force", "audit.adjustments_in_force", "audit.expectation_results",
        "audit.assumed_rules",
    )  # fmt: skip
    city = {key: value for key, value in month.city.items() if key != "office_contact"}
    tables = {**month.tables, **{name: [] for name in missing}, "reference.cities": [city]}
    bare = replace(month, tables=tables)
    pages = write(bare, tmp_path, [])
    assert "没有正式印发的数值可比" in text_of(pages.tree("index.html"))
    assert "本月没有勘误" in text_of(pages.tree("corrections.html"))


# That they are whole, the same, and harmless.


def test_links_and_anchors_resolve(site: Pages, eventful_site: Pages, nasty_site: Pages) -> None:
    for pages in (site, eventful_site, nasty_site):
        for path in pages.paths():
            for link in pages.tree(path).xpath("//@href"):
                target, fragment = urldefrag(link)
                file = unquote(target.partition("?")[0])
                found = (pages.folder / path).parent / file if file else None
                assert found is None or found.exists(), (path, link)
                within = found.resolve().relative_to(pages.folder.resolve()).as_posix() if (
                    found and found.resolve().is_relative_to(pages.folder.resolve())
                ) else path  # fmt: skip
                if fragment:
                    ids = pages.tree(within).xpath("//@id")
                    assert unquote(fragment) in ids, (path, link)


def test_every_page_has_a_title_and_a_description_of_its_own(site: Pages) -> None:
    trees = [site.tree(path) for path in site.paths()]
    for kind in ("//title/text()", "//meta[@name='description']/@content"):
        found = [tree.xpath(kind)[0].strip() for tree in trees]
        assert all(found) and len(set(found)) == len(found)


def test_ids_are_used_once_a_page(site: Pages, nasty_site: Pages) -> None:
    for pages in (site, nasty_site):
        for path in pages.paths():
            ids = pages.tree(path).xpath("//@id")
            assert len(ids) == len(set(ids)), path


def test_the_same_month_gives_the_same_bytes(eventful: ReleaseMonth, tmp_path: Path) -> None:
    def written(folder: Path) -> dict[str, bytes]:
        pages = write(eventful, folder, EARLIER)
        files = (each for each in pages.folder.rglob("*") if each.is_file())
        return {each.relative_to(folder).as_posix(): each.read_bytes() for each in files}

    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_pages_of_an_earlier_export_go(month: ReleaseMonth, site: Pages, tmp_path: Path) -> None:
    stale = tmp_path / "2023-06" / "site" / "unit" / "511700-Z99.html"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert write(month, tmp_path, []).paths() == site.paths()


@pytest.mark.parametrize(
    "unit_id", ["..", "../../x", "CON", "a/b", "511700-a01", "", "x" * 300, NASTY, "\ud800"]
)
def test_a_unit_cannot_choose_its_file(unit_id: str) -> None:
    assert re.fullmatch(r"u[0-9a-f]{20}", page_name(unit_id))
    assert page_name("511700-A01") == "511700-A01"


def test_every_change_is_told_with_its_cause(three_months: Sandbox, tmp_path: Path) -> None:
    with open_release(Project(three_months.root)) as release:
        month = read_month(release, "2023-08", CITY)
    pages = Pages(tmp_path / "site")
    write_site(month, pages.folder, (), {})
    changes = {row["unit_name"]: row for row in month.tables["marts.fct_monthly_changes"]}
    rows = pages.tree("changes.html").xpath("//section//tbody/tr[th/a]")
    assert len(rows) == len(changes) == 49
    for row in rows:
        name = row.xpath("string(th/a)")
        cells = [text_of(cell) for cell in row.xpath("td")]
        change = changes[name]["score_change"]
        assert Decimal(cells[2].replace("−", "-")) == change
        assert sum(Decimal(each.replace("−", "-")) for each in cells[3:-1] if each) == change
        assert cells[-1] == f"{changes[name]['previous_rank']} → {changes[name]['score_rank']}"
    unit = pages.tree("unit/511700-A06.html")
    assert unit.xpath("//h2[@id='changes']")
    first = next(row for row in month.tables["marts.fct_score_change_effects"])
    (page,) = (each for each in pages.paths() if first["unit_id"] in each)
    told = pages.tree(page).xpath("//section[@aria-labelledby='changes']")[0].text_content()
    assert first["cause_name"] in told and first["indicator_name"] in told


def test_the_ledger_tells_how_every_fault_stands(
    month: ReleaseMonth, site: Pages, eventful_site: Pages, tmp_path: Path
) -> None:
    def lines(pages: Pages) -> list[list[str]]:
        rows = pages.tree("rectifications.html").xpath("//section//tbody/tr")
        return [[text_of(cell, hidden="exact") for cell in row.xpath("th | td")] for row in rows]

    assert lines(site)[:2] == [
        ["达川区 新增 1，办结 0，未办结 1"],
        ["事项梳理 线上线下不一致", "1", "0.05", "新发现", "2023年6月", "—", "0", "0", ""],
    ]
    assert "没有规定整改期限" in site.tree("rectifications.html").text_content()
    first, fault, *_, gone, unknown = lines(eventful_site)
    assert first == ["达川区 新增 1，办结 0，未办结 1（逾期 1）；按期办结率 50%（1／2）"]
    assert fault[3:7] == [
        *("已办结", "2023年2月 2023年5月再次发现", "2023-06-30（假定） 按期", "2023年6月"),
    ]
    assert fault[-1] == "2023-06-20：已补充配置"
    assert gone[0].startswith("已撤并的局") and unknown[1:4] == ["—", "—", "未能核对"]
    unused = {**month.tables, "intermediate.int_unit_documents_monthly": []}
    pages = write(replace(month, tables=unused), tmp_path, [])
    assert "rectifications.html" not in pages.paths()
    assert not pages.tree("index.html").xpath("//a[contains(@href, 'rectifications')]")


def test_the_ledger_and_the_pages_of_units_lead_to_each_other(eventful_site: Pages) -> None:
    ledger = eventful_site.tree("rectifications.html")
    losses = "//section[@aria-labelledby='losses']//a[contains(@href, '#fault-')]"
    linked = [
        (text_of(link), urldefrag(link.get("href")).fragment)
        for path in eventful_site.paths()
        if path.startswith("unit/")
        for link in eventful_site.tree(path).xpath(losses)
    ]
    rows = [row for row in ledger.xpath("//tr/@id") if "A99" not in row]
    assert sorted(row for _, row in linked) == sorted(rows)
    assert "整改台账：电子证照签章率" in dict(linked)
    back = ledger.xpath("//tr[@class='part']//a/@href")
    assert back and all(urldefrag(each).fragment == "losses" for each in back)


def test_units_are_told_for_places_and_progress_where_the_month_asks_for_it(
    eventful: ReleaseMonth, eventful_site: Pages, site: Pages
) -> None:
    overview = eventful_site.tree("index.html")
    boards = {
        text_of(board.find("h2")): [
            [text_of(line) for line in panel.xpath("ul/li | p")]
            for panel in board.xpath(".//div[@class='panel']")
        ]
        for board in overview.xpath("//section[starts-with(@aria-labelledby, 'board-')]")
    }
    assert list(boards) == ["各组前三名", "各组后三名", "进步榜", "得分进步榜"]
    assert boards["各组后三名"][1] == [
        "市邮政管理局、市残联 第25位，89.40分",
        "市财政局 第24位，89.42分",
    ]
    departments, _, counties = boards["进步榜"]
    assert departments == [
        "市住房城乡建设局、市应急局、市气象局 上升2位",
        "市发展改革委、市自然资源规划局因没有可比的得分不列入。",
    ]
    assert counties == ["宣汉县 上升2位", "万源市、达州高新区 上升1位"]
    assert boards["得分进步榜"][1][1] == "市委网信办因组别有变动不列入。"
    by_rules = [
        {**row, "is_comparable": row["group_code"] != "B"}
        for row in eventful.tables["marts.fct_scores_by_previous_rules"]
    ]
    tables = {**eventful.tables, "marts.fct_scores_by_previous_rules": by_rules}
    said = [each.text for each in narrative(replace(eventful, tables=tables))]
    (line,) = (each for each in said if each.startswith("进步榜："))
    assert line == (
        "进步榜：A组为市住房城乡建设局、市应急局、市气象局（均上升2位），"
        "市发展改革委、市自然资源规划局因没有可比的得分不列入；"
        "B组没有单位列入，25个单位因规则、权重或指标有变动不列入，市委网信办因组别有变动不列入；"
        "县（市、区）为宣汉县（上升2位）、万源市、达州高新区（均上升1位）。"
    )
    assert not site.tree("index.html").xpath("//*[starts-with(@id, 'board-')]")


def test_a_unit_sees_how_far_it_is_from_targets(eventful_site: Pages, site: Pages) -> None:
    (table,) = eventful_site.tree("unit/511700-A08.html").xpath(
        "//section[@aria-labelledby='targets']//table"
    )
    assert [[text_of(cell) for cell in row] for row in table.xpath("tbody/tr")] == [
        ["电子证照签章率", "100.00%", "不低于 99.5%", "0.25%"],
        ["超时件数", "0", "不高于 99.5", "达到"],
    ]
    assert not site.tree("unit/511700-A08.html").xpath("//*[@id='targets']")


def test_a_first_month_has_nothing_to_compare_with(site: Pages) -> None:
    assert "没有更早的已发布月份" in site.tree("changes.html").text_content()
    assert not site.tree("unit/511700-A01.html").xpath("//*[@id='changes']")


def test_a_unit_sees_what_gains_most(june: Sandbox) -> None:
    pages = Pages(june.root / "exports" / "2023-06" / "site")
    found = improvements((june.root / june.database).resolve(), "大竹县", "2023-06")
    page = pages.tree(f"unit/{found['unit_id']}.html")
    rows = page.xpath("//section[@aria-labelledby='gains']//tbody/tr")
    told = [[text_of(each, hidden="exact") for each in row.xpath("th | td")] for row in rows]
    best = [(each["indicator_name"], each["best"]) for each in found["indicators"]]
    assert [line[0] for line in told] == [name for name, scores in best if scores]
    assert told[0][1] == f"{best[0][1]['score_change']:+.2f}"
    assert told[0][2].endswith(str(best[0][1]["places_gained"]))


def test_markup_stays_text(nasty_site: Pages, site: Pages) -> None:
    assert len(nasty_site.paths()) == len(site.paths())
    for path in nasty_site.paths():
        tree = nasty_site.tree(path)
        assert len(tree.xpath("//script")) == (path in SCRIPTED)
        assert not tree.xpath("//img | //@onerror")
        assert printable(NASTY) in tree.text_content()
        assert not re.search(r"[\x00-\x08\x0e-\x1f\u202e]", (nasty_site.folder / path).read_text())


def test_a_page_runs_nothing_but_its_own_script(site: Pages) -> None:
    for path in site.paths():
        tree = site.tree(path)
        (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert ("script-src" in policy) == (path in SCRIPTED)
        assert not tree.xpath("//@style | //style | //@*[starts-with(name(), 'on')]")


# What a browser makes of them.


@dataclass
class Visit:
    """A page in the browser, with all that it complained about and asked for."""

    page: Any
    messages: list[str]
    requests: list[str]


needs_browser = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="make test WITH=browser")
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
    )
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=shutil.which("chromium"),
            headless=True,
            args=flags.split(),
        )
        yield context
        context.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open a page of a site at a width."""
    tab = browser.new_page()
    visited = Visit(tab, [], [])
    tab.on("console", lambda message: visited.messages.append(message.text))
    tab.on("pageerror", lambda error: visited.messages.append(str(error)))
    tab.on("dialog", lambda dialog: visited.messages.append(dialog.message))
    tab.on("request", lambda request: visited.requests.append(unquote(request.url)))

    def go(pages: Pages, path: str, width: int = 1280) -> Visit:
        visited.messages.clear()
        visited.requests.clear()
        tab.set_viewport_size({"width": width, "height": 844})
        file, _, query = path.partition("?")
        tab.goto((pages.folder / file).as_uri() + (f"?{query}" if query else ""))
        return visited

    yield go
    tab.close()


@needs_browser
def test_pages_are_quiet_and_ask_for_nothing_outside(
    visit: Callable[..., Visit], site: Pages, eventful_site: Pages, nasty_site: Pages
) -> None:
    for pages in (site, eventful_site, nasty_site):
        root = unquote(pages.folder.as_uri())
        for path in KINDS:
            if pages is nasty_site and path.startswith("unit/"):
                path = f"unit/{page_name(NASTY_ID)}.html"
            visited = visit(pages, path)
            head = "getComputedStyle(document.querySelector('.top')).backgroundColor"
            assert visited.page.evaluate(head) == "rgb(22, 58, 95)", "the stylesheet holds"
            assert visited.messages == [], path
            assert len(visited.requests) == 2, path
            assert all(each.startswith(root) for each in visited.requests), path


@needs_browser
def test_data_docs_are_quiet(visit: Callable[..., Visit], june: Sandbox) -> None:
    pages = Pages(june.root / "exports" / "data_docs")
    visited = visit(pages, "index.html")
    heading = "getComputedStyle(document.querySelector('th')).backgroundColor"
    assert visited.page.evaluate(heading) == "rgb(242, 242, 242)", "the style holds"
    assert (visited.messages, len(visited.requests)) == ([], 1)


@needs_browser
def test_pages_fit_a_phone_and_a_desk(
    visit: Callable[..., Visit], site: Pages, eventful_site: Pages
) -> None:
    for pages in (site, eventful_site):
        for path in KINDS:
            tab = visit(pages, path).page
            for width in (320, 390, 768, 1280):
                tab.set_viewport_size({"width": width, "height": 844})
                excess = tab.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert excess <= 0, (path, width)


@needs_browser
def test_a_phone_shows_where_one_is_and_what_is_wider(
    visit: Callable[..., Visit], site: Pages
) -> None:
    tab = visit(site, "annex/1.html", 390).page
    menu = tab.locator(".menu summary")
    assert "附件" in menu.inner_text()
    assert not tab.get_by_role("link", name="计分规则").is_visible()
    menu.click()
    assert tab.get_by_role("link", name="计分规则").is_visible()
    assert tab.get_by_text("左右滑动看全表").is_visible()
    assert not visit(site, "annex/8.html", 1280).page.get_by_text("左右滑动看全表").is_visible()
    for width in (390, 768, 1280):
        tab = visit(site, "index.html", width).page
        for ranking in tab.locator(".ranking").all():
            assert ranking.evaluate("t => t.scrollWidth <= t.parentElement.clientWidth"), width


@needs_browser
def test_exact_figures_are_shown_on_demand(visit: Callable[..., Visit], site: Pages) -> None:
    tab = visit(site, "index.html").page
    row = tab.locator(".ranking tr", has_text="市交通运输局")
    assert "4.95266" not in row.inner_text()
    tab.get_by_label("显示准确数值").check()
    assert "4.95266" in row.inner_text()


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "light"), (1280, "dark")])
def test_axe_finds_nothing(
    visit: Callable[..., Visit], site: Pages, eventful_site: Pages, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    changed = ("index.html", "unit/511700-A08.html", "corrections.html", "quality.html")
    options: dict[str, Any] = {"preload": False, "resultTypes": ["violations"]}
    if scheme == "dark":  # nothing but colours differs
        options["runOnly"] = ["color-contrast"]
    for pages, paths in ((site, KINDS), (eventful_site, changed if width == 390 else ())):
        for path in paths:
            tab = visit(pages, path, width).page
            tab.emulate_media(color_scheme=scheme)
            tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = 1")
            found = axe.run(tab, options=options)
            assert found.violations_count == 0, (path, found.generate_report())


@needs_browser
def test_rankings_sort_filter_and_search(visit: Callable[..., Visit], site: Pages) -> None:
    tab = visit(site, "index.html").page

    def names() -> list[str]:
        found = tab.locator("section[data-group]:visible tbody tr:visible th").all_inner_texts()
        return [str(name) for name in found]

    everyone = names()
    assert len(everyone) == 49
    tab.get_by_role("button", name="B组", exact=True).click()
    group = names()
    assert len(group) == 26 and set(group) < set(everyone)
    tab.locator("section[data-group]:visible").get_by_role("button", name="综合得分").click()
    heading = tab.locator("section[data-group]:visible th[aria-sort]")
    assert heading.get_attribute("aria-sort") == "descending"
    assert names() == group, "the order of print is that of the totals"
    tab.locator("section[data-group]:visible").get_by_role("button", name="综合得分").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert names()[-1] == group[0]
    assert sorted(names()) == sorted(group)
    tab.get_by_label("查找单位").fill("民政")
    assert names() == ["市民政局"]
    assert tab.get_by_role("status").inner_text() == "共显示 1 个单位"
    tab.get_by_role("button", name="全部", exact=True).click()
    tab.get_by_label("查找单位").fill("没有这个单位")
    assert names() == []
    assert tab.get_by_role("status").inner_text() == "没有符合的单位"


@needs_browser
def test_two_units_are_compared_to_the_last_digit(
    visit: Callable[..., Visit], site: Pages, month: ReleaseMonth
) -> None:
    totals = {row["unit_id"]: row for row in month.tables["marts.fct_composite_scores"]}
    one, other = totals["511700-A01"], totals["511700-A02"]
    tab = visit(site, "compare.html?one=511700-A01&other=511700-A02").page
    assert tab.get_by_role("status").inner_text() == "比较市发展改革委与市经信局"
    rounded = tab.locator("tbody tr:visible .apart").first.inner_text()
    assert re.fullmatch(r"[+−]\d+\.\d\d", rounded)
    tab.get_by_label("显示准确数值").check()
    differences = tab.locator("tbody tr:visible .apart").all_inner_texts()
    exact = [Decimal(each.replace("−", "-")) for each in differences]
    assert exact[0] == one["exact_score"] - other["exact_score"]
    parts = tab.locator("tbody tr.part:visible .apart").all_inner_texts()
    assert sum(Decimal(each.replace("−", "-")) for each in parts) == exact[0]
    tab.locator("select[name=one]").select_option(label="大竹县")
    offered = tab.locator("select[name=other] option").all_text_contents()
    assert len(offered) == 7 and "大竹县" not in offered


@needs_browser
def test_the_table_of_losses_opens_all_indicators(visit: Callable[..., Visit], site: Pages) -> None:
    tab = visit(site, "losses.html").page
    few = tab.locator("table").first.locator("thead th:visible").count()
    tab.get_by_label("列出全部计分指标").check()
    assert tab.locator("table").first.locator("thead th:visible").count() > few


@needs_browser
def test_annexes_print_on_landscape_pages_without_clipping(
    visit: Callable[..., Visit], site: Pages, month: ReleaseMonth
) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    for annex in month.annexes:
        tab = visit(site, f"annex/{annex.number}.html").page
        printed = site.folder.parent / f"annex-{annex.number}.pdf"
        tab.pdf(path=printed, prefer_css_page_size=True)
        with pikepdf.open(printed) as document:
            boxes = [[float(side) for side in page.mediabox] for page in document.pages]
        printable = 297 - 2 * 12
        assert all(box[2:] == pytest.approx([841.9, 595.3], abs=1) for box in boxes)
        tab.emulate_media(media="print")
        tab.set_viewport_size({"width": round(printable / 25.4 * 96), "height": 800})
        widths = "const [t] = document.getElementsByTagName('table'); t.scrollWidth"
        available = tab.evaluate("document.querySelector('main').clientWidth")
        assert tab.evaluate(widths) <= available, annex.number
        clipped = "const s = document.querySelector('.scroll'); s.scrollHeight - s.clientHeight"
        assert tab.evaluate(clipped) <= 0, annex.number
        tab.emulate_media(media="null")
