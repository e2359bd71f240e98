"""Data Docs: what Great Expectations found, on a page that opens offline and runs nothing.

Its own pages fetch styles, scripts and a logo from the internet and do not escape every text that
comes from the data, so this one is made from the same results. It leads to the page of each month's
site that lists every expectation.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb
from markupsafe import Markup

from ywtb import html_page
from ywtb.assessment.figures import month_name, printable
from ywtb.assessment.reference import month_of
from ywtb.exports.release_month import grouped
from ywtb.release.queries import rows

HERE = Path(__file__).parent

SUITES = """
select
    strftime(score_month, '%Y-%m') as month,
    city_code,
    coalesce(any_value(city_name), city_code) as city_name,
    suite_title,
    count(*) as expectation_count,
    count(*) filter (not is_success) as warning_count,
    string_split(string_agg(message, chr(10) order by expectation_no), chr(10)) as warnings,
from audit.expectation_results
left join reference.cities using (city_code)
group by month, city_code, part, suite, suite_title
order by month desc, city_code, part desc, suite
"""
"""Suites, newest month first and in it what arrived first; none of a release failed but to warn."""


def write_data_docs(
    release: duckdb.DuckDBPyConnection, exports: Path, sites: Mapping[tuple[str, str], Path]
) -> None:
    """Write `data_docs/index.html`; the same release gives the same bytes.

    Args:
        release: the published release.
        exports: the folder of all exports.
        sites: where each month's site is or will be, by month and city.
    """
    suites = rows(release, SUITES)
    months = [
        {
            "id": f"city-{city}-{month}",
            "name": f"{found[0]['city_name']}{month_name(month_of(month))}",
            "page": f"../{(sites[month, city] / 'quality.html').relative_to(exports).as_posix()}",
            "suites": found,
        }
        for (month, city), found in grouped(suites, "month", "city_code").items()
    ]
    style = (HERE / "page.css").read_text(encoding="utf-8")
    page = html_page.environment(HERE).get_template("index.html")
    text = page.render(
        months=months,
        suites=suites,
        style=Markup(style),  # noqa: S704 (our own)
        policy=html_page.content_policy(html_page.digest(style)),
    )
    folder = exports / "data_docs"
    if folder.is_symlink():
        folder.unlink()  # as earlier versions left it
    folder.mkdir(exist_ok=True)
    html_page.put(printable(text), folder / "index.html")
