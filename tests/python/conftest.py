"""A throwaway copy of the project, months to put into it, and the command run for real in it."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from ywtb.pipeline.dbt_build import Build
from ywtb.project import Project

# A shell lets what it runs in the background ignore Ctrl-C, and with it what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PRINTED = "refresh.txt"
DEVELOPMENT = "warehouse/dev/ywtb.duckdb"
PARTS = (
    *("dbt_project.yml", "profiles.yml", "models", "seeds", "macros", "tests", "expectations"),
    "docs/metrics",
)

REPEATS = int(os.environ.get("YWTB_REPEATS", "0"))
"""How often the long tests repeat, as `make soak` sets it; without it a few times."""

DAY = 24 * 60 * 60

Cells = Mapping[tuple[str, str], str]
"""Values by (unit name, indicator code)."""


@dataclass
class Sandbox:
    """A copy of the project, with the database to ask."""

    root: Path
    database: str = "warehouse/ywtb.duckdb"

    def run(
        self,
        *arguments: str,
        program: str = "ywtb",
        tools: bool = False,
        folder: str = "",
        timeout: float = 300,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run the installed command in a folder of the copy, without any terminal.

        Without `tools` it finds no other program, so that no PDF is made, which takes seconds.
        """
        return subprocess.run(
            [str(BIN / program), *arguments],
            cwd=self.root / folder,
            env={**os.environ, **({} if tools else {"PATH": str(BIN)}), **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def refresh(self, *arguments: str) -> str:
        """Refresh and return what is printed; the refresh must have been published."""
        done = self.run("refresh", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        (self.root / PRINTED).write_text(done.stdout, encoding="utf-8")
        return done.stdout

    @property
    def printed(self) -> str:
        """What the last refresh printed."""
        return (self.root / PRINTED).read_text(encoding="utf-8")

    def build(self) -> None:
        """Build the development file by dbt alone, data tests included, and ask that one."""
        development = Build(Project(self.root), "dev", self.root / DEVELOPMENT)
        assert development.parse() + development.run() == []
        self.database = DEVELOPMENT

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the published release, or on what was built last."""
        database = str(self.root / self.database)
        with closing(duckdb.connect(database, read_only=True)) as connection:
            return connection.execute(sql).fetchall()

    def release(self) -> str:
        """Id of the published release."""
        return (self.root / "warehouse" / "ywtb.duckdb").resolve().parent.name

    def status(self) -> Any:
        """What `ywtb status` says."""
        return json.loads(self.run("status", "--json").stdout)

    def append(self, seed: str, *lines: str) -> None:
        """Add rows to a seed, such as `reference/units`."""
        path = self.root / "seeds" / f"{seed}.csv"
        path.write_text(path.read_text(encoding="utf-8") + "".join(f"{line}\n" for line in lines))

    def reference(self, name: str) -> list[dict[str, str]]:
        """Rows of a reference seed."""
        return read_csv(self.root / "seeds" / "reference" / f"{name}.csv")

    def list_months(self, *months: str, stage: str = "final") -> None:
        """Make `months`, such as 2023_06, the months to build; those that are new are final."""
        seed = self.root / "seeds" / "reference" / "months.csv"
        known = {row["score_month"]: row for row in read_csv(seed)}
        columns = list(next(iter(known.values())))
        days = sorted(f"{month.replace('_', '-')}-01" for month in months)
        blank = dict.fromkeys(columns, "")
        rows = [known.get(day, {**blank, "score_month": day, "stage": stage}) for day in days]
        write_csv(seed, [columns, *(list(row.values()) for row in rows)])
        path = self.root / "dbt_project.yml"
        listed = ", ".join(f'"{month}"' for month in months)
        text, count = re.subn(
            r"score_months: \[.*\]", f"score_months: [{listed}]", path.read_text()
        )
        assert count == 1
        path.write_text(text)

    def raw(self, feed: str, month: str) -> Path:
        """Path of a monthly file."""
        return self.root / "seeds" / "raw" / month / f"raw_{feed}__{month}.csv"

    def add_month(
        self,
        month: str,
        cells: Cells,
        units: Mapping[str, str] | None = None,
        stage: str = "final",
    ) -> None:
        """Write a month's files, without published scores, and list the month.

        Args:
            month: such as 2023_07.
            cells: values other than full marks.
            units: group by unit name; by default the units of June.
            stage: how far it has come.
        """
        if units is None:
            units = {unit["unit_name"]: unit["group_code"] for unit in self.reference("units")}
        points = {
            (row["group_code"], row["indicator_code"]): row["max_points"]
            for row in self.reference("group_indicators")
        }
        perfect = {"percent": "100.00%", "count": "0", "text": "开展联合上门服务"}
        feeds: dict[str, list[dict[str, str]]] = {}
        for indicator in self.reference("indicators"):
            feeds.setdefault(indicator["dimension_code"], []).append(indicator)
        for feed, indicators in feeds.items():
            lines = [["unit_name", *(indicator["indicator_code"] for indicator in indicators)]]
            for unit, group in units.items():
                line = [unit]
                for indicator in indicators:
                    code = indicator["indicator_code"]
                    if (group, code) not in points:
                        line.append("")
                        continue
                    default = perfect.get(indicator["value_type"]) or points[group, code]
                    line.append(cells.get((unit, code), default))
                if any(line[1:]):
                    lines.append(line)
            write_csv(self.raw(feed, month), lines)
        june = self.raw("city_metrics", "2023_06").read_text(encoding="utf-8")
        self.raw("city_metrics", month).write_text(june, encoding="utf-8")
        months = sorted({*self._months(), month} - {"2023_06"})
        self.list_months("2023_06", *months, stage=stage)

    def _months(self) -> list[str]:
        return [folder.name for folder in (self.root / "seeds" / "raw").iterdir()]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, lines: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one occurrence of `old` in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def is_running(process: Path) -> bool:
    """Whether the process of a folder of /proc is there and has not ended."""
    try:
        return "(zombie)" not in (process / "status").read_text()
    except FileNotFoundError:
        return False


LAST_VALIDITY = "2023-06-01"
PARSES = ("target/partial_parse.msgpack", "target/release/partial_parse.msgpack")
"""What dbt knows of the files of this checkout; it parses again what differs in a copy."""


def copy_project(target: Path) -> Sandbox:
    """Copy the project as of June 2023, whatever months and later rules it has by now."""
    target.mkdir(exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / part)
    (target / "warehouse" / "dev").mkdir(parents=True)
    for parse in PARSES:
        if (ROOT / parse).is_file():
            (target / parse).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / parse, target / parse)
    sandbox = Sandbox(target)
    for folder in (target / "seeds" / "raw").iterdir():
        if folder.name != "2023_06":
            shutil.rmtree(folder)
    sandbox.list_months("2023_06")
    for path in (target / "seeds").glob("*/*.csv"):
        lines = read_csv(path)
        kept = [line for line in lines if line.get("valid_from", "") <= LAST_VALIDITY]
        if len(kept) < len(lines):
            write_csv(path, [list(lines[0]), *(list(line.values()) for line in kept)])
    return sandbox


PACKAGES = {
    "soffice": "apt-get install libreoffice-writer-nogui fonts-noto-cjk texlive-lang-chinese",
    "calc": "apt-get install libreoffice-calc-nogui",
    "pdftotext": "apt-get install poppler-utils",
    "java": "apt-get install openjdk-17-jre-headless, and make test WITH=spark",
    "chromium": "apt-get install chromium, and make test WITH=browser",
    "dagster": "make test WITH=dagster",
    "dbt_colibri": "make test WITH=lineage",
    "distributed": "make test WITH=province",
    "harlequin": "make test WITH=shell",
    "metricflow": "make test WITH=metrics",
    "postgres": "apt-get install postgresql, and make test WITH=postgres",
}
"""How to get the programs and Python packages that not every machine has."""


def postgres_program(name: str) -> str | None:
    """Path of a program of the newest PostgreSQL, which Debian keeps off the PATH."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parts[-2])
    )
    return shutil.which(name, path=os.pathsep.join(map(str, reversed(folders))))


def office_part(name: str) -> bool:
    """Whether LibreOffice has a part that Debian packs by itself."""
    library = {"calc": "libsclo.so"}.get(name)
    office = shutil.which("soffice")
    return bool(library and office and Path(office).resolve().with_name(library).is_file())


FIRST = ("test_dbt_build", "test_compare", "test_scores", "test_refusals", "test_published_record")
"""Modules of the longest tests: what builds by itself is built while others wait for a sandbox."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that all workers end together."""
    items.sort(key=lambda item: (*FIRST, item.path.stem).index(item.path.stem))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `needs` where a program is missing, and say how to get it."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            found = shutil.which(program) or postgres_program(program) or office_part(program)
            if not (found or find_spec(program)):
                pytest.skip(f"needs {program}: {PACKAGES[program]}")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A fresh copy of the project, nothing built."""
    return copy_project(tmp_path)


@cache
def fingerprint() -> str:
    """SHA-256 of all that a sandbox follows from: project, code, tests, versions of packages."""
    digest = hashlib.sha256(sys.version.encode())
    files = [ROOT / "uv.lock", *(ROOT / part for part in PARTS if (ROOT / part).is_file())]
    folders = (*(part for part in PARTS if (ROOT / part).is_dir()), "scripts/ywtb", "tests/python")
    for folder in folders:
        files += sorted(each for each in (ROOT / folder).rglob("*") if each.is_file())
    for file in files:
        if "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def shared(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Sandbox:
    """A sandbox that is built once for all workers, and for later runs of the same code.

    Tests only read it. What no run has used for a day is removed.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    base = base.parent / f"sandboxes-{fingerprint()}"
    base.mkdir(exist_ok=True)
    os.utime(base)
    for other in base.parent.glob("sandboxes-*"):
        if time.time() - other.stat().st_mtime > DAY:
            shutil.rmtree(other, ignore_errors=True)
    root, built = base / name, base / f"{name}.built"
    with FileLock(base / f"{name}.lock"):
        if not built.exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
            built.touch()
    return Sandbox(root)


def copy_of(sandbox: Sandbox, target: Path) -> Sandbox:
    """A copy of a sandbox with all that it has built and published."""
    return Sandbox(shutil.copytree(sandbox.root, target, symlinks=True, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def june(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June 2023 published, and nothing else; tests only read it."""

    def build(root: Path) -> None:
        copy_project(root).refresh()

    return shared(tmp_path_factory, "june", build)


@pytest.fixture
def june_copy(june: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of the project with June 2023 published."""
    return copy_of(june, tmp_path / "june")


@pytest.fixture
def unpublished(june: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of the project that dbt has parsed, nothing built."""
    built = shutil.ignore_patterns("warehouse", "exports", "logs", "published")
    shutil.copytree(june.root, tmp_path, ignore=built, dirs_exist_ok=True)
    (tmp_path / "warehouse" / "dev").mkdir(parents=True)
    return Sandbox(tmp_path)


@pytest.fixture(scope="session")
def three_months(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June 2023 and two made-up months, published after June alone; tests only read it."""

    def build(root: Path) -> None:
        sandbox = copy_of(june, root)
        sandbox.add_month("2023_07", {("市水务局", "behavior_coverage_rate"): "10.00%"})
        sandbox.add_month("2023_08", {("渠县", "online_offline_mismatch_count"): "2"})
        sandbox.refresh("--json")

    return shared(tmp_path_factory, "three_months", build)


@pytest.fixture(scope="session")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A made-up city over 24 months, built as a development file; tests only read it."""
    from two_years import build

    return Sandbox(shared(tmp_path_factory, "two_years", build).root, DEVELOPMENT)
