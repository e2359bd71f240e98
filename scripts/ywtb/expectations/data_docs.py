"""Data Docs: what Great Expectations found, as pages that open without a network and run nothing.

Its own pages fetch styles, scripts and a logo from the internet and do not escape every text that
comes from the data, so the pages are made here from the same results.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from ywtb import html_page
from ywtb.assessment.figures import printable
from ywtb.expectations.results import Result, failures

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class _Suite:
    """What a suite found in a month of a city."""

    name: str
    title: str
    results: list[Result]

    @property
    def stops(self) -> int:
        return len(failures(self.results, "stop"))

    @property
    def warnings(self) -> int:
        return len(failures(self.results, "warn"))

    @property
    def status(self) -> str:
        return "failed" if self.stops else "warned" if self.warnings else "met"


@dataclass(frozen=True)
class _Page:
    """A month of a city; the title names the city where the month has several."""

    name: str
    title: str
    suites: list[_Suite]


def write_data_docs(folder: Path, results: Iterable[Result]) -> None:
    """Write a page per month and city, and `index.html`, which lists suites and failures.

    The same results give the same bytes.

    Raises:
        OSError: the folder is there already, or cannot be written.
    """
    found = sorted(results, key=lambda each: (each.score_month, each.city_code))
    pages = _pages(found)
    environment = html_page.environment(TEMPLATES)
    environment.filters["status"] = _status
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    environment.globals["style"] = Markup(style)  # noqa: S704 (our own)
    environment.globals["policy"] = html_page.content_policy(html_page.digest(style))
    texts = {page.name: environment.get_template("month.html").render(page=page) for page in pages}
    texts["index.html"] = environment.get_template("index.html").render(
        results=found,
        stops=failures(found, "stop"),
        warnings=failures(found, "warn"),
        pages=pages[::-1],
    )
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(printable(text), encoding="utf-8", newline="\n")


def _pages(results: list[Result]) -> list[_Page]:
    pages = []
    for month, of_month in groupby(results, key=lambda each: each.month):
        cities = {
            city: list(found) for city, found in groupby(of_month, key=lambda each: each.city_code)
        }
        for city, found in cities.items():
            suites = [
                _Suite(name, title, list(each))
                for (name, title), each in groupby(
                    found, key=lambda each: (each.suite, each.suite_title)
                )
            ]
            title = month if len(cities) == 1 else f"{month}（{city}）"
            pages.append(_Page(f"{month}_{city}.html", title, suites))
    return pages


def _status(result: Result) -> str:
    return "met" if result.is_success else "failed" if result.severity == "stop" else "warned"
