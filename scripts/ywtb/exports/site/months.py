"""The page over the sites of all months: it knows the later months, as no month's own site does."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from markupsafe import Markup

from ywtb import html_page
from ywtb.assessment.figures import month_name, printable
from ywtb.assessment.reference import month_of
from ywtb.exports.exposures import Download
from ywtb.exports.release_month import grouped

HERE = Path(__file__).parent


@dataclass(frozen=True)
class MonthlySite:
    """A month's site: which month of which city, what a draft is marked with, and its folder."""

    month: str
    city_name: str
    mark: str | None
    folder: Path


def write_months(
    folder: Path,
    sites: Sequence[MonthlySite],
    planned: Mapping[str, date] | None = None,
    news: Sequence[Download] = (),
) -> None:
    """Write `index.html`, which lists each city's months, the newest first; remove it if none.

    Args:
        folder: where to.
        sites: those to list, wherever they lie.
        planned: days on which further months are to be published, by month.
        news: files that tell programs what was published, the feed first, as seen from the folder.
    """
    page = folder / "index.html"
    if not sites:
        page.unlink(missing_ok=True)
        return
    newest_first = sorted(sites, key=lambda each: each.month, reverse=True)
    listed = [
        {
            "city_name": each.city_name,
            "name": month_name(month_of(each.month)),
            "mark": each.mark,
            "page": f"{Path(os.path.relpath(each.folder, folder)).as_posix()}/index.html",
        }
        for each in newest_first
    ]
    style = (HERE / "site.css").read_text(encoding="utf-8")
    text = (
        html_page.environment(HERE / "templates")
        .get_template("months.html")
        .render(
            cities=grouped(listed, "city_name"),
            planned=[(month_name(month_of(each)), day) for each, day in (planned or {}).items()],
            news=news,
            style=Markup(style),  # noqa: S704 (our own)
            policy=html_page.content_policy(html_page.digest(style)),
        )
    )
    html_page.put(printable(text), page)
