"""What a refresh costs, against a bare `dbt build` of the same project, as months are added.

Works on copies of the checkout, to which it adds months with June's corrected values. Each line is
measured in turn with a bare build, several times after a warm-up, and written as a table and a
picture to docs/benchmarks/. Machines differ and are noisy, so trust the ratios. Exports are written
but for the PDF, which LibreOffice makes aside.
"""

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import altair as alt
import duckdb

from ywtb.intake.store import list_month
from ywtb.project import Project

BIN = Path(sys.executable).parent
PARTS = (
    "dbt_project.yml", "profiles.yml", "uv.lock", "models", "seeds", "macros", "tests",
    "expectations", "published",
)  # fmt: skip
BARE = (str(BIN / "dbt"), "--quiet", "build", "--exclude-resource-type=unit_test")
REFRESH = (str(BIN / "ywtb"), "refresh", "--quiet", "--json")


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processors, and peak memory of the largest process in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass
class Line:
    """A measured command at a number of months, with the bare builds measured in turn with it."""

    name: str
    months: int
    costs: list[Cost] = field(default_factory=list)
    bare: list[Cost] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Of clock times, the median of pairs."""
        pairs = zip(self.costs, self.bare, strict=True)
        return statistics.median(cost.wall / bare.wall for cost, bare in pairs)

    def median(self, what: str) -> float:
        """Of a figure of the costs."""
        return float(statistics.median(getattr(cost, what) for cost in self.costs))


class Checkout:
    """A copy of the project in a folder, with more months than June."""

    def __init__(self, root: Path, months: int = 1) -> None:
        """Begin with the folder as it is."""
        self.root = root
        self.months = months

    def copy(self, root: Path) -> "Checkout":
        """Another one in the same state."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root, root, symlinks=True)
        return Checkout(root, self.months)

    def add_month(self) -> None:
        """Add the next month, with the corrected values of June."""
        year, month = divmod(2023 * 12 + 5 + self.months, 12)
        name = f"{year}_{month + 1:02}"
        raw = self.root / "seeds" / "raw"
        database = (Path.cwd() / "warehouse" / "ywtb.duckdb").resolve()
        with duckdb.connect(str(database), read_only=True) as connection:
            cells = connection.execute(
                "select dimension_code, unit_name, indicator_code, corrected_value "
                "from marts.fct_observations where score_month = '2023-06-01' order by all"
            ).fetchall()
        feeds: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for feed, unit, indicator, value in cells:
            feeds[feed][unit][indicator] = value
        (raw / name).mkdir()
        for feed, units in feeds.items():
            columns = sorted({column for row in units.values() for column in row})
            with (raw / name / f"raw_{feed}__{name}.csv").open("w", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["unit_name", *columns], lineterminator="\n")
                writer.writeheader()
                writer.writerows({"unit_name": unit, **row} for unit, row in units.items())
        metrics = raw / "2023_06" / "raw_city_metrics__2023_06.csv"
        shutil.copy(metrics, raw / name / f"raw_city_metrics__{name}.csv")
        list_month(Project(self.root), name, is_built=True)
        self.months += 1

    def append(self, seed: str, line: str) -> None:
        """Add a row to a seed."""
        with (self.root / "seeds" / f"{seed}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def run(self, *command: str) -> Cost:
        """Run a command to its end.

        Raises:
            CalledProcessError: it failed.
        """
        begun = time.perf_counter()
        # Without LibreOffice, of which there may be none.
        environment = {**os.environ, "PATH": str(BIN)}
        with (self.root / "said.txt").open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                command, cwd=self.root, env=environment, stdout=said, stderr=said
            )
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            print((self.root / "said.txt").read_text(encoding="utf-8"))
            raise subprocess.CalledProcessError(process.returncode, command)
        wall = time.perf_counter() - begun
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    @property
    def size(self) -> float:
        """MiB of the published database."""
        return (self.root / "warehouse" / "ywtb.duckdb").stat().st_size / 1024**2


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each line")
    parser.add_argument("--months", type=int, nargs="+", default=[2, 13, 61, 121])
    given = parser.parse_args()
    lines, sizes = [], {}
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder) / "published")
        for part in PARTS:
            source, target = Path.cwd() / part, checkout.root / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
        (checkout.root / "warehouse" / "dev").mkdir(parents=True)
        for months in given.months:
            while checkout.months < months - 1:
                checkout.add_month()
            checkout.run(*REFRESH)
            for name, change, options in _changes(months):
                lines.append(
                    _measure(
                        Line(name, months),
                        checkout,
                        Path(folder) / "run",
                        given.runs,
                        change,
                        options,
                    )
                )
                _show(lines[-1])
            sizes[months] = checkout.size
        peers = _peers(checkout, given.runs)
    _write(Path("docs/benchmarks"), lines, sizes, peers, given.runs)


Change = Callable[[Checkout], None]


def _changes(months: int) -> list[tuple[str, Change, list[str]]]:
    """What is measured at a number of months: how it is called, what changes, options."""

    def rule(checkout: Checkout) -> None:
        checkout.add_month()
        year, month = divmod(2023 * 12 + 4 + checkout.months, 12)
        checkout.append(
            "reference/scoring_rules",
            "online_offline_mismatch_count,1,pool_deduction,0,0,0,,0,-0.10,stated,通知,"
            f"每 1 件扣 0.10 分,{year}-{month + 1:02}-01,",
        )

    def erratum(checkout: Checkout) -> None:
        checkout.append("errata/errata", "2023-06-99,2023-06-01,note,,某处,某因,某据,511700")

    every: list[tuple[str, Change, list[str]]] = [("one new month", Checkout.add_month, [])]
    if months == 2:
        every.append(("nothing new", lambda checkout: None, []))
    if months == 13:
        every.append(("one new month and a rule from it on", rule, []))
        corrected = [f"{2023 + (5 + each) // 12}-{(5 + each) % 12 + 1:02}" for each in range(13)]
        options = [part for month in corrected for part in ("--revise", month)]
        every.append(("an erratum in the oldest month", erratum, [*options, "--reason", "核对"]))
    if months in (13, 121):
        every.append(("--full", lambda checkout: None, ["--full"]))
    return every


def _measure(
    line: Line, checkout: Checkout, scratch: Path, runs: int, change: Change, options: list[str]
) -> Line:
    """Run the refresh and the bare build in turn, each from the same state."""
    for number in range(runs + 1):
        changed = checkout.copy(scratch)
        change(changed)
        cost, bare = changed.run(*REFRESH, *options), changed.run(*BARE)
        if number:  # the first warms the file system
            line.costs.append(cost)
            line.bare.append(bare)
    return line


def _peers(checkout: Checkout, runs: int) -> str:
    """The table of how long others take to score the published release."""
    checkout.run(str(BIN / "dbt"), "--quiet", "compile")
    root = checkout.root.resolve()
    command = [
        os.environ.get("UV", "uv"), "run", "--quiet", "scripts/benchmark_peers.py",
        str(root / "warehouse" / "ywtb.duckdb"), f"--runs={runs}",
        f"--compiled={root / 'target/compiled/ywtb/models/marts'}",
    ]  # fmt: skip
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def _show(line: Line) -> None:
    print(
        f"{line.months:>4} months  {line.name:<36} {line.median('wall'):6.2f} s  "
        f"cpu {line.median('cpu'):6.2f} s  {line.median('memory'):5.0f} MiB  × {line.ratio:.2f}",
        flush=True,
    )


def _write(folder: Path, lines: list[Line], sizes: dict[int, float], peers: str, runs: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = [
        "# What a refresh costs",
        "",
        f"Medians of {runs} runs after a warm-up, each in turn with a bare `dbt build` (no unit",
        "tests) of the same project, to which the last column compares (median of pairs). Whole",
        f"processes, {os.cpu_count()} processors, without LibreOffice. Made by `make bench`.",
        "",
        "| months | what changed | seconds | processor seconds | MiB | × bare build |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    text += [
        f"| {line.months} | {line.name} | {line.median('wall'):.1f} | {line.median('cpu'):.1f} "
        f"| {line.median('memory'):.0f} | {line.ratio:.2f} |"
        for line in lines
    ]
    text += ["", "| months published | MiB of the release |", "| ---: | ---: |"]
    text += [f"| {months - 1} | {size:.1f} |" for months, size in sizes.items()]
    text += ["", "## Scoring alone, by others", "", *peers.splitlines()]
    (folder / "refresh.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    rows = [
        {"months": line.months, "seconds": cost.wall, "what": what}
        for line in lines
        if line.name == "one new month"
        for what, costs in (("ywtb refresh", line.costs), ("dbt build", line.bare))
        for cost in costs
    ]
    chart: Any = alt.Chart({"values": rows}).encode(
        x=alt.X("months:Q", title="months in the release"),
        y=alt.Y("median(seconds):Q", title="seconds for one new month"),
        color=alt.Color("what:N", title=None),
    )
    chart = chart.mark_line(point=True).properties(width=520, height=300)
    chart.save(str(folder / "refresh.png"), scale_factor=2)


if __name__ == "__main__":
    main()
