"""How long the site of a month takes to write, and its pages to load from disk, after five years.

Takes the newest published month, gives it sixty months of history by repeating its scores, writes
the site into a temporary folder and loads one page of each kind in Chromium (group `browser`).
Prints seconds (minimum, median, maximum); machines differ, so trust the order of magnitude.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from playwright.sync_api import sync_playwright

from ywtb.exports.release_month import TOTALS, ReleaseMonth, read_month
from ywtb.exports.site.pages import write_site
from ywtb.project import Project
from ywtb.release.queries import open_release, rows

NEWEST = """
    select strftime(score_month, '%Y-%m') as month, city_code
    from intermediate.int_cities_monthly order by score_month desc, city_code limit 1
"""
MONTHS = 60
RUNS = 5
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
)


def main() -> None:
    """Measure and print."""
    with open_release(Project.find(Path.cwd())) as release:
        (newest,) = rows(release, NEWEST)
        month = _with_history(read_month(release, newest["month"], newest["city_code"]))
    numbered = [f"{year}-{number:02}" for year in range(2018, 2023) for number in range(1, 13)]
    earlier = {each: f"../{each}" for each in numbered}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _show("write the site", _times(lambda: write_site(month, folder, [], earlier)))
        unit = next(iter(sorted((folder / "unit").iterdir())))
        pages = ["index.html", "losses.html", "rules.html", "quality.html", "annex/2.html"]
        with sync_playwright() as started:
            browser = started.chromium.launch_persistent_context(
                folder / "profile",
                executable_path=shutil.which("chromium"),
                args=FLAGS.split(),
            )
            tab = browser.new_page()
            tab.goto((folder / pages[0]).as_uri())  # starts the browser's processes
            for page in [*pages, f"unit/{unit.name}"]:
                address = (folder / page).as_uri()
                _show(page, _times(partial(tab.goto, address, wait_until="load")))
            browser.close()


def _with_history(month: ReleaseMonth) -> ReleaseMonth:
    """The month after sixty, its scores repeated in each of them."""
    last = month.first_day.year * 12 + month.first_day.month - 1
    days = [date(each // 12, each % 12 + 1, 1) for each in range(last - MONTHS + 1, last + 1)]
    totals = [{**row, "score_month": day} for day in days for row in month.tables[TOTALS]]
    return replace(month, totals=totals)


def _times(work: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return taken


def _show(what: str, taken: list[float]) -> None:
    low, middle, high = min(taken), statistics.median(taken), max(taken)
    print(f"{what:>20}  {low:6.3f}  {middle:6.3f}  {high:6.3f} s")


if __name__ == "__main__":
    main()
