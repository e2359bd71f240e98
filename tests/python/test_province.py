"""A province: the same results from many workers as from one build, whatever dies on the way."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace as Node
from typing import Any

import duckdb
import pytest

from conftest import BIN, Sandbox, copy_of, copy_project, read_csv, shared, write_csv
from two_years import FILES
from ywtb.pipeline.dbt_build import Build

pytestmark = pytest.mark.needs("distributed")

MONTHS = [f"2023_{month:02d}" for month in range(1, 11)]
FINAL = ["2023_01", "2023_02", "2023_04", "2023_06", "2023_10"]
CITIES = 4
DAZHOU = "511700"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of four made-up cities, long enough for control limits, and June of the real one.

    There are drafts between final months, rules for streaks and terms for faults, and an indicator
    that is left out of the last draft.
    """

    def build(root: Path) -> None:
        sandbox = copy_project(root)
        done = sandbox.run(
            *("synth", "--cities", str(CITIES), "--months", str(len(MONTHS)), "--seed", "7"),
            *("--first-month", MONTHS[0].replace("_", "-"), "--out", "province"),
        )
        assert done.returncode == 0, done.stderr
        seeds = root / "province" / "seeds" / "reference"
        shutil.copy(FILES / "streak_rules.csv", seeds)
        terms = sandbox.reference("rectification_terms")
        terms = [{**term, "days": "40", "valid_from": "2023-03-01"} for term in terms]
        months = [
            {"score_month": day_of(month), "stage": "final", "published_on": day_of(month, 28)}
            for month in FINAL
        ]
        indicators = sandbox.reference("group_indicators")
        (pool,) = (
            row
            for row in indicators
            if (row["indicator_code"], row["group_code"]) == ("guide_error_count", "A")
        )
        left_out = {"rule_id": "", "max_points": "", "valid_from": day_of(MONTHS[-2])}
        indicators += [{**pool, **left_out}, {**pool, "valid_from": day_of(MONTHS[-1])}]
        for name, rows in (
            ("rectification_terms", terms),
            ("months", months),
            ("group_indicators", indicators),
        ):
            columns = list(sandbox.reference(name)[0])
            cells = [[row.get(column, "") for column in columns] for row in rows]
            write_csv(seeds / f"{name}.csv", [columns, *cells])

    made = shared(tmp_path_factory, "province", build)
    return copy_of(made, tmp_path_factory.mktemp("province")).root / "province"


@pytest.fixture(scope="module")
def out(source: Path) -> Path:
    """Results of the whole source, by two workers."""
    target = source.parent / "results"
    assert run(source, target)["refused"] == []
    return target


def day_of(month: str, day: int = 1) -> str:
    return f"{month.replace('_', '-')}-{day:02d}"


def project(source: Path) -> Sandbox:
    return Sandbox(source.parent)


def run(source: Path, out: Path, *options: str, code: int = 0) -> Any:
    """Build a province and return the answer."""
    arguments = options or ("--workers", "2")
    done = project(source).run("province", str(source), "--out", str(out), "--json", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def copy_of_source(source: Path, target: Path) -> Path:
    """A copy beside the project's, to change."""
    return Path(shutil.copytree(source, source.parent / target.name))


def results(out: Path) -> dict[str, bytes]:
    """Bytes of every result, and of what is kept for later months, by path."""
    found = [path for path in out.rglob("rows.parquet") if ".run" not in path.parts]
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


def set_value(file: Path, column: str, value: str) -> None:
    """Change the second row of a column of a file."""
    with duckdb.connect() as connection:
        connection.execute(
            f"create table cells as select row_number() over () as row_no, * from '{file}'"
        )
        connection.execute(f'update cells set "{column}" = ? where row_no = 2', [value])
        connection.execute(
            f"copy (select * exclude (row_no) from cells order by row_no) to '{file}'"
        )


def file_of(source: Path, city: str, month: str, feed: str) -> Path:
    return source / "raw" / f"city_code={city}" / f"score_month={month}-01" / f"{feed}.parquet"


def test_results_are_those_of_one_build(source: Path, out: Path) -> None:
    sandbox = project(source)
    reference = sandbox.root / "seeds" / "reference"
    shutil.copytree(source / "seeds" / "reference", reference, dirs_exist_ok=True)
    (sandbox.root / "warehouse" / "province").mkdir()
    done = sandbox.run(
        *("--quiet", "build", "--target=province", "--exclude-resource-type=unit_test"),
        f"--vars={json.dumps({'raw_path': str(source / 'raw'), 'score_months': MONTHS})}",
        program="dbt",
    )
    assert done.returncode == 0, done.stdout
    compared = 0
    with duckdb.connect() as connection:
        database = sandbox.root / "warehouse" / "province" / "ywtb.duckdb"
        connection.execute(f"attach '{database}' as single (read_only)")
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = 'single' and schema_name in ('marts', 'audit', 'province')"
        ).fetchall()
        for (table,) in tables:
            files = [str(path) for path in out.joinpath(*table.split(".")).rglob("rows.parquet")]
            rows = connection.execute(f"select count(*) from single.{table}").fetchone()
            if not files:
                assert rows == (0,), table
                continue
            parts = f"read_parquet({files}, hive_partitioning = false)"
            described = f"select column_name, column_type from (describe from {parts})"
            expected = f"select column_name, column_type from (describe from single.{table})"
            found = connection.execute(described).fetchall()
            assert found == connection.execute(expected).fetchall(), table
            for one, other in ((f"single.{table}", parts), (parts, f"single.{table}")):
                left = connection.execute(f"from {one} except all from {other} limit 3").fetchall()
                assert left == [], table
            compared += 1
    assert compared > 25
    cities = {path.name for path in (out / "marts" / "fct_composite_scores").iterdir()}
    assert len(cities) == CITIES + 1


def test_nothing_new_costs_nothing_and_changes_nothing(source: Path, out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("city_code=*/**/rows.parquet")}
    answer = run(source, out)
    assert (answer["built"], answer["counted"], answer["refused"]) == ({}, [], [])
    assert before == {path: path.stat().st_mtime_ns for path in before}


def without_october(source: Path, target: Path) -> Path:
    shorter = copy_of_source(source, target)
    for folder in (shorter / "raw").glob("city_code=*/score_month=2023-10-01"):
        shutil.rmtree(folder)
    return shorter


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a Dask scheduler of one's own with two workers, which outlive a run."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [str(BIN / "dask")]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    port = address.rpartition(":")[2]
    options = ["--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    started = [subprocess.Popen([*dask, "scheduler", *options], **quiet)]
    try:
        for _ in range(2):
            options = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
            started.append(
                subprocess.Popen([*dask, "worker", address, *options, "--no-dashboard"], **quiet)
            )
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_month_more_is_built_alone(
    source: Path, out: Path, scheduler: str, tmp_path: Path
) -> None:
    """By workers of one's own, which do not go by what they were told in an earlier run."""
    shorter = without_october(source, Path("shorter"))
    grown = tmp_path / "grown"
    own = ("--scheduler", scheduler)
    counted = run(shorter, grown, *own)["counted"]
    assert counted == [day_of(month) for month in MONTHS[:-1]]
    for folder in (source / "raw").glob("city_code=*/score_month=2023-10-01"):
        shutil.copytree(folder, shorter / "raw" / folder.parent.name / folder.name)
    built = run(shorter, grown, *own)["built"]
    assert set(built) == {str(900001 + each) for each in range(CITIES)}
    assert {month for months in built.values() for month in months} == {"2023-10-01"}
    assert results(grown) == results(out)
    for folder in (shorter / "raw").glob("city_code=*/score_month=2023-10-01"):
        shutil.rmtree(folder)
    run(shorter, grown, *own)
    assert [path for path in results(grown) if "2023-10" in path] == []


def test_a_plan_is_the_same_in_whatever_order_dbt_compiles() -> None:
    """That order changes with the machine's load; another plan would build all months anew."""

    class Compiled(Build):
        def __init__(self, *names: str) -> None:
            self._arguments, self._names = [], names

        def _invoke(self, arguments: list[str]) -> Any:
            nodes = [
                Node(unique_id=name, depends_on=Node(nodes=["a"] if name != "a" else []))
                for name in self._names
            ]
            return Node(success=True, result=Node(results=[Node(node=node) for node in nodes]))

    orders = [
        [node.unique_id for node in Compiled(*names).compiled([])]
        for names in (("a", "b", "c"), ("a", "c", "b"))
    ]
    assert orders[0] == orders[1]


def test_a_city_is_refused_alone_and_by_name(source: Path, out: Path, tmp_path: Path) -> None:
    changed = copy_of_source(source, Path("faulty"))
    target = Path(shutil.copytree(out, tmp_path / "faulty"))
    set_value(file_of(changed, "900002", "2023-06", "licenses"), "issuance_rate", "150%")
    set_value(file_of(changed, "900003", "2023-10", "licenses"), "unit_name", "不存在的局")
    set_value(file_of(changed, "900004", "2023-10", "licenses"), "issuance_rate", "99.00%")
    file_of(changed, "900001", "2023-10", "efficiency").write_bytes(b"PAR1 cut short")
    answer = run(changed, target, code=1)
    refused = {each["city_code"]: each for each in answer["refused"]}
    assert set(refused) == {"900001", "900002", "900003"}
    (problem,) = refused["900002"]["problems"]
    file = "city_code=900002/score_month=2023-06-01/licenses.parquet"
    assert (problem["file"], problem["row"], problem["seen"]) == (file, 3, "“150%”")
    names = {problem["seen"] for problem in refused["900003"]["problems"]}
    assert "“不存在的局”" in names
    assert "efficiency.parquet" in refused["900001"]["failures"][0]["message"]
    assert answer["built"] == {"900004": ["2023-10-01"]}
    before, after = results(out), results(target)
    changed_parts = {
        tuple(part for part in path.split("/") if "=" in part)
        for path in before
        if before[path] != after[path]
    }
    city, month = "city_code=900004", "score_month=2023-10-01"
    assert changed_parts == {(city, month), (city,), (month,)}


def test_what_is_in_force_in_a_city_from_a_month_on_changes_that_alone(
    source: Path, out: Path, tmp_path: Path
) -> None:
    """One unit is listed elsewhere from the last month on, after another city's got an alias.

    Of the others one's weights are too large to be numbers, one's sum to 101, and one's erratum
    adjusts the unit. A note of a fault in an earlier month stays one when only the last is built.
    """
    changed = copy_of_source(source, Path("listed"))
    target = Path(shutil.copytree(out, tmp_path / "listed"))
    seeds, last = changed / "seeds" / "reference", day_of(MONTHS[-1])
    ledger = out / "marts/fct_rectifications/city_code=900002" / f"score_month={day_of(MONTHS[-2])}"
    noted = "score_month, city_code, unit_name, indicator_code, 'x' note, '2023-10-08' noted_on"
    notes = duckdb.sql(
        f"select {noted} from '{ledger}/rows.parquet' where status = 'found' limit 1"
    )
    (values,) = notes.fetchall()
    seed = changed / "seeds/reviews/rectification_notes.csv"
    write_csv(seed, [notes.columns, [str(value) for value in values]])
    units = read_csv(seeds / "units.csv")
    named = next(unit["unit_id"] for unit in units if unit["city_code"] == "900004")
    with (seeds / "unit_aliases.csv").open("a", encoding="utf-8") as aliases:
        aliases.write(f"别名,{named},\n")
    built = run(changed, target)["built"]
    assert built == {
        "900002": [day_of(month) for month in MONTHS[-2:]],
        "900004": [*map(day_of, MONTHS)],
    }
    ids = [unit["unit_id"] for unit in units if unit["city_code"] == "900002"]
    moved = next(
        unit for unit in units if ids.count(unit["unit_id"]) == 1 and unit["valid_to"] == last
    )
    units.append({**moved, "official_order": "99", "valid_from": last})
    weights = project(source).reference("dimension_weights")
    weights += [
        {**weights[0], "weight": weight, "valid_from": last, "city_code": city}
        for city, weight in (("900001", "99999"), ("900003", "23"))
    ]
    dimension = next(row for row in weights if row["group_code"] == moved["group_code"])
    errata, adjustments = (
        read_csv(changed.parent / "seeds" / "errata" / f"{name}.csv")
        for name in ("errata", "score_adjustments")
    )
    found = {"erratum_id": "x", "erratum_kind": "adjustment", "city_code": "900004"}
    errata.append({**errata[0], **found, "score_month": last})
    own = next(
        unit
        for unit in units
        if (unit["city_code"], unit["group_code"]) == ("900004", moved["group_code"])
        and unit["valid_to"] == last
    )
    adjusted = {"dimension_code": dimension["dimension_code"], "adjustment_points": "-0.01"}
    adjustments += [
        {"erratum_id": "x", "unit_id": unit["unit_id"], **adjusted} for unit in (own, moved)
    ]
    for name, rows in (
        ("reference/units", units),
        ("reference/dimension_weights", weights),
        ("errata/errata", errata),
        ("errata/score_adjustments", adjustments),
    ):
        file = changed / "seeds" / f"{name}.csv"
        write_csv(file, [[*rows[0]], *([*row.values()] for row in rows)])
    answer = run(changed, target, code=1)
    assert answer["built"] == {"900002": [last]}
    assert {
        refused["city_code"]: [failure["name"] for failure in refused["failures"]]
        for refused in answer["refused"]
    } == {
        "900001": ["int_dimension_weights_monthly"],
        "900003": ["int_dimension_weights_monthly__sum_to_100"],
        "900004": ["score_adjustments__all_applied"],
    }


def test_killed_workers_and_runs_leave_the_same_bytes(
    source: Path, out: Path, tmp_path: Path
) -> None:
    target = tmp_path / "killed"
    begun = start(source, target)
    worker = wait_for(lambda: workers_of(begun.pid))[0]
    wait_for(lambda: list((target / ".run").glob("*/marts")))
    os.kill(worker, signal.SIGKILL)
    assert begun.wait(timeout=120) == 0
    assert results(target) == results(out)

    shutil.rmtree(target / ".state")
    for schema in ("marts", "audit", "province"):
        shutil.rmtree(target / schema)
    begun = start(source, target)
    wait_for(lambda: list((target / "marts").rglob("rows.parquet")))
    begun.kill()
    begun.wait(timeout=30)
    assert run(source, target)["refused"] == []
    assert results(target) == results(out)


def test_what_cannot_be_built_is_told(source: Path, tmp_path: Path) -> None:
    sandbox = project(source)
    empty = sandbox.run("province", str(tmp_path), "--out", str(tmp_path / "out"))
    assert (empty.returncode, "没有 city_code=" in empty.stderr) == (2, True)
    changed = copy_of_source(source, Path("unlawful"))
    (changed / "seeds" / "reference" / "unit_aliases.csv").write_text(
        "alias_name,unit_id,note\n,,\n"
    )
    refused = sandbox.run("province", str(changed), "--out", str(tmp_path / "out"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "unit_aliases" in refused.stderr
    (changed / "seeds" / "reference" / "unit_aliases.csv").unlink()
    month = day_of(MONTHS[-1])
    for name, line in (
        ("errata/errata", f"x,{month},note,,,,,"),
        ("reviews/objections", f"y,{month},,市教育局,licenses,,,z,,,open,,,"),
        ("reviews/rectification_notes", f"{month},,市财政局,issuance_rate,z,2023-11-08"),
    ):
        seed = (sandbox.root / "seeds" / f"{name}.csv").read_text(encoding="utf-8")
        file = changed / "seeds" / f"{name}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{seed}{line}\n", encoding="utf-8")
    refused = sandbox.run("province", str(changed), "--out", str(tmp_path / "out"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "只有一个市的月份可以不写（3 行不符）" in refused.stderr
    assert all(entry in refused.stderr for entry in ("errata", "objections", "市财政局"))


def start(source: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(BIN / "ywtb"), "province", str(source), "--out", str(out), "--workers", "2"],
        cwd=source.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def workers_of(pid: int) -> list[int]:
    """Processes below a run that answer for batches."""
    children = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        for text in [path.read_text(errors="replace")]
        if int(text.rpartition(")")[2].split()[1]) == pid
    ]
    return [
        child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def wait_for(look: Any) -> Any:
    """What `look` finds, as soon as it finds anything."""
    for _ in range(6000):
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("never there")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
