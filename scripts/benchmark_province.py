"""What a province costs as it grows, on one machine and fanned out over workers.

For each number of cities, twelve made-up months: one dbt build from files (target `province`), the
same compiled SQL without dbt, and `ywtb province` with one and two workers, whose results are
compared with the build's row by row before a time counts; then scoring alone, by others
(`benchmark_peers.py`). Then what a month costs that is appended to five years. Run by `make bench
WITH=province`; writes docs/benchmarks/province.md and .png. A thousand cities take hours and some
40 GB of disk: `--cities 1 10 100` leaves them out.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import psutil  # type: ignore[import-untyped]
import yaml

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[1]
PARTS = ("dbt_project.yml", "profiles.yml", "models", "seeds", "macros", "tests")
MONTHS = [f"2023_{month:02d}" for month in range(1, 13)]
RESULTS = ROOT / "docs" / "benchmarks"
SCHEMAS = ("marts", "audit", "province")
MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processors, and peak memory of the largest process in MiB."""

    seconds: float
    cpu: float
    memory: float


def main() -> None:
    """Measure every size and write the table and the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cities", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--appended", type=int, nargs="*", default=[10, 100, 1000], help="cities")
    parser.add_argument("--folder", type=Path, help="for files, instead of the system's own")
    given = parser.parse_args()
    lines: list[dict[str, Any]] = []
    peers: list[str] = []
    appended = ""
    for cities in given.cities:
        with tempfile.TemporaryDirectory(dir=given.folder) as name:
            found, scored = measured(cities, Path(name))
        lines += found
        peers.append(scored)
        write(lines, peers, appended)
    for cities in given.appended:
        with tempfile.TemporaryDirectory(dir=given.folder) as name:
            appended += five_years(cities, Path(name))
        write(lines, peers, appended)


def measured(cities: int, folder: Path) -> tuple[list[dict[str, Any]], str]:
    """Costs of one number of cities, and what others take for scoring alone."""
    source, project = folder / "source", folder / "project"
    synthesise(cities, 12, source)
    project.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, project / part)
    shutil.copytree(source / "seeds/reference", project / "seeds/reference", dirs_exist_ok=True)
    (project / "warehouse" / "province").mkdir(parents=True)
    variables = json.dumps({"raw_path": str(source / "raw"), "score_months": MONTHS})
    costs = {
        "dbt build": run(
            *(str(BIN / "dbt"), "--quiet", "build", "--target=province"),
            *("--exclude-resource-type=unit_test", f"--vars={variables}"),
            cwd=project,
        )
    }
    database = project / "warehouse" / "province" / "ywtb.duckdb"
    costs["its compiled SQL"] = compiled_sql(project, database)
    for workers in (1, 2):
        out = folder / f"results-{workers}"
        cost = by_dask(source, out, workers)
        stop_unless_equal(database, out)
        costs[f"Dask, {workers} worker{'s' * (workers > 1)}"] = cost
    with duckdb.connect(str(database), read_only=True) as connection:
        counted = connection.execute("select count(*) from marts.fct_observations").fetchone()
    observations = counted[0] if counted else 0
    scored = run_text(
        *("uv", "run", str(ROOT / "scripts" / "benchmark_peers.py"), str(database)),
        *("--runs", "3" if cities <= 100 else "1", "--without", "SQLMesh on DuckDB"),
        *("--compiled", str(project / "target/compiled/ywtb/models/marts")),
    )
    if find_spec("pyspark"):
        first = float(scored.split("| ---: |\n")[1].split("|")[2])
        started, taken = by_spark(project, database, variables)
        scored += f"| Spark, local[2], started in {started:.0f} s | {taken:.3f} |"
        scored += f" {taken / first:.1f} |\n"
    return [
        {
            "cities": cities,
            "observations": observations,
            "engine": name,
            "seconds": cost.seconds,
            "cpu": cost.cpu,
            "memory": cost.memory,
        }
        for name, cost in costs.items()
    ], scored


def synthesise(cities: int, months: int, source: Path) -> None:
    """Write made-up files of cities, from January 2023."""
    run(str(BIN / "ywtb"), "synth", *("--cities", str(cities), "--months", str(months)),
        *("--seed", "1", "--first-month", "2023-01", "--out", str(source)), cwd=ROOT)  # fmt: skip


def by_dask(source: Path, out: Path, workers: int) -> Cost:
    """`ywtb province`, which must refuse nothing."""
    answer: dict[str, Any] = {}
    cost = run(
        *(str(BIN / "ywtb"), "province", str(source), "--out", str(out), "--json"),
        *("--quiet", "--workers", str(workers)),
        cwd=ROOT,
        answer=answer,
    )
    if answer["refused"] or answer["failures"]:
        sys.exit(f"refused: {answer['refused'] or answer['failures']}")
    return cost


def five_years(cities: int, folder: Path) -> str:
    """Lines of a table: what a month costs that is appended to five years, to one, and to none.

    Only where months come before it are there changes, limits of control charts and a ledger.
    """
    synthesise(cities, 61, folder / "all")
    months = sorted({path.name for path in folder.glob("all/raw/*/*")})
    costs: dict[str, Cost] = {}
    for count in (60, 12, 0):
        source, out = folder / f"source-{count}", folder / f"results-{count}"
        shutil.copytree(folder / "all/seeds", source / "seeds")
        if count:
            link(folder / "all", source, months[-1 - count : -1])
            costs[f"{count} months"] = by_dask(source, out, 2)
        link(folder / "all", source, months[-1:])
        costs[f"one appended to {count}" if count else "that one alone"] = by_dask(source, out, 2)
        shutil.rmtree(out)
    return "".join(
        f"| {cities:,} | {name} | {cost.seconds:.1f} | {cost.cpu:.1f} | {cost.memory:.0f} |\n"
        for name, cost in costs.items()
    )


def link(source: Path, target: Path, months: Sequence[str]) -> None:
    """Have the files of some months in another folder as well."""
    for month in months:
        for folder in source.glob(f"raw/*/{month}"):
            shutil.copytree(folder, target / folder.relative_to(source), copy_function=os.link)


def by_spark(project: Path, database: Path, variables: str) -> tuple[float, float]:
    """Seconds of Spark on two processors for its start, and for scoring alone."""
    from pyspark.sql import SparkSession

    models = ("fct_indicator_scores", "fct_dimension_scores", "fct_composite_scores")
    run(
        *(str(BIN / "dbt"), "--quiet", "compile", "--target=spark", f"--vars={variables}"),
        *("--select", *models),
        cwd=project,
    )
    folder = project / "spark"
    begun = time.perf_counter()
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "6g")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    started = time.perf_counter() - begun
    with duckdb.connect(str(database), read_only=True) as connection:
        for schema in ("marts", "audit", "intermediate", "reference"):
            session.sql(f"create database {schema}")
            tables = connection.execute(
                "select table_name from duckdb_tables() where schema_name = ?", [schema]
            ).fetchall()
            for (table,) in tables:
                if table not in models:
                    target = folder / schema / table
                    target.mkdir(parents=True)
                    rows = f"{schema}.{table}"
                    connection.execute(f"copy {rows} to '{target}/rows.parquet'")
                    session.sql(f"create table {rows} using parquet location '{target}'")
        key = "score_month, unit_id, exact_score, sequence_no, score_rank"
        answer = f"select {key} from marts.{models[-1]}"  # noqa: S608
        begun = time.perf_counter()
        for model in models:
            sql = (project / f"target/compiled/ywtb/models/marts/{model}.sql").read_text("utf-8")
            session.sql(f"create view marts.{model} as {sql}")
        session.sql(f"create table marts.answer using parquet as {answer}")
        taken = time.perf_counter() - begun
        found = session.sql("select * from marts.answer").collect()
        if sorted(map(tuple, found)) != connection.sql(f"{answer} order by all").fetchall():
            sys.exit("Spark: not what the build holds")
    session.stop()
    return started, taken


def compiled_sql(project: Path, built: Path) -> Cost:
    """The build's statements one after the other in one DuckDB: what dbt itself cannot save."""
    manifest = json.loads((project / "target" / "manifest.json").read_bytes())
    results = json.loads((project / "target" / "run_results.json").read_bytes())["results"]
    script = project / "compiled.json"
    nodes = [manifest["nodes"][each["unique_id"]] for each in results]
    statements = [
        [f'"{node["schema"]}"."{node["alias"]}"', node["resource_type"], node.get("compiled_code")]
        for node in nodes
    ]
    script.write_text(json.dumps([str(built), statements]), encoding="utf-8")
    return run(sys.executable, __file__, "--statements", str(script), cwd=project)


def run_statements(script: Path) -> None:
    """Run the statements of `compiled_sql`; seeds are copied from what was built."""
    built, statements = json.loads(script.read_bytes())
    folder = script.parent / "bare"
    folder.mkdir()
    profile = yaml.safe_load((script.parent / "profiles.yml").read_text(encoding="utf-8"))
    config = profile["ywtb"]["outputs"]["province"]["settings"]
    with duckdb.connect(str(folder / "ywtb.duckdb"), config=config) as connection:
        connection.execute(f"attach '{built}' as built (read_only)")
        for schema in sorted({table.split(".")[0] for table, _, _ in statements}):
            connection.execute(f"create schema if not exists {schema}")
        (views,) = connection.execute(
            "select sql from duckdb_views() where database_name = 'built' and view_name = 'cells'"
        ).fetchone() or ("",)
        macros = (script.parent / "macros" / "create_feed_cells.sql").read_text(encoding="utf-8")
        body = macros[macros.index("create or replace") : macros.index("{%- endmacro")]
        connection.execute("create schema if not exists raw")
        connection.execute(body)
        connection.execute(views)
        for table, kind, sql in statements:
            if kind == "seed":
                connection.execute(f"create table {table} as from built.{table}")
            elif kind == "model":
                connection.execute(f"create table {table} as {sql}")
            elif kind == "test":
                connection.execute(sql).fetchall()
    shutil.rmtree(folder)


def run(*command: str, cwd: Path, answer: dict[str, Any] | None = None) -> Cost:
    """Run a command, which must succeed."""
    peak, stopped = [0.0], threading.Event()
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True)  # noqa: S603
    watcher = threading.Thread(target=watch, args=(process.pid, peak, stopped))
    watcher.start()
    output, _ = process.communicate()
    taken = time.perf_counter() - begun
    stopped.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{command}: {output[-3000:]}")
    if answer is not None:
        answer |= json.loads(output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(taken, cpu, peak[0])


def run_text(*command: str) -> str:
    """What a command prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return done.stdout


def watch(pid: int, peak: list[float], stopped: threading.Event) -> None:
    """Keep the largest memory of a process and those below it."""
    while not stopped.wait(0.2):
        try:
            top = psutil.Process(pid)
            sizes = [each.memory_info().rss for each in (top, *top.children(recursive=True))]
        except psutil.Error:
            continue
        peak[0] = max(peak[0], max(sizes) / MIB)


def stop_unless_equal(database: Path, out: Path) -> None:
    """Compare every table of results with the build's, row by row."""
    with duckdb.connect(config={"enable_external_file_cache": False}) as connection:
        connection.execute(f"attach '{database}' as built (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'built'"
        ).fetchall()
        for table in (".".join(names) for names in tables if names[0] in SCHEMAS):
            pattern = f"{out}/{table.replace('.', '/')}/**/rows.parquet"
            if not any(out.joinpath(*table.split(".")).rglob("rows.parquet")):
                continue
            parts = f"read_parquet('{pattern}', hive_partitioning = false)"
            text = "md5_number(cast(each as varchar)) % 1000000007"
            sums = [
                connection.execute(f"select count(*), sum({text}) from {rows} as each").fetchone()  # noqa: S608
                for rows in (parts, f"built.{table}")
            ]
            if sums[0] != sums[1]:
                sys.exit(f"{table}: results are not those of the build")


def write(lines: Sequence[dict[str, Any]], peers: Sequence[str], appended: str) -> None:
    """Write the table and the picture."""
    text = f"""# What a province costs

Twelve made-up months of each number of cities, {os.cpu_count()} processors, whole processes, once
each; results compared row by row before times count. Memory is that of the largest process. `dbt
build` and its compiled SQL use all processors and 2 GB, a worker one and 1 GB. Made by `make bench
WITH=province`; other work ran beside it, so trust processor seconds.

![Costs by number of observations](province.png)

| cities | observations | how | seconds | processor seconds | µs of them per observation | MiB |
| ---: | ---: | --- | ---: | ---: | ---: | ---: |
"""
    for line in lines:
        each = line["cpu"] / line["observations"] * 1e6
        text += "| {cities:,} | {observations:,} | {engine} | {seconds:.1f} |".format(**line)
        text += f" {line['cpu']:.1f} | {each:.1f} | {line['memory']:.0f} |\n"
    text += "\n## Scoring alone, by others\n\n"
    text += "From observations in memory or in a file to totals and places; pandas takes one "
    text += "hundred cities at a time, as its\ndecimals are objects.\n\n"
    text += "\n".join(peers)
    text += "\n## A month appended to five years\n\nDask with two workers.\n\n"
    text += "| cities | what | seconds | processor seconds | MiB |\n"
    text += f"| ---: | --- | ---: | ---: | ---: |\n{appended}"
    RESULTS.joinpath("province.md").write_text(text, encoding="utf-8")
    draw(lines, peers)


def draw(lines: Sequence[dict[str, Any]], peers: Sequence[str]) -> None:
    """Draw the table's two parts beside each other."""
    scored = [
        {"observations": int(count.replace(",", "")), "engine": engine, "seconds": float(seconds)}
        for table in peers
        for count in re.findall(r"^([\d,]+) observations", table)
        for engine, seconds in re.findall(r"^\| (.*?)(?:, local.*?)? \| ([\d.]+) \|", table, re.M)
    ]
    panels = [
        alt.Chart({"values": values}, title=title)
        .mark_line(point=True)
        .encode(
            x=alt.X("observations:Q", scale=alt.Scale(type="log")),
            y=alt.Y(f"{field}:Q", title=unit, scale=alt.Scale(type="log")),
            color=alt.Color("engine:N", legend=alt.Legend(orient="bottom", columns=2)),
        )
        .properties(width=420, height=320)
        for values, title, field, unit in (
            (list(lines), "From files to results", "cpu", "processor seconds"),
            (scored, "Scoring alone", "seconds", "seconds"),
        )
    ]
    chart = alt.hconcat(*panels).resolve_scale(color="independent")
    chart.save(RESULTS / "province.png", scale_factor=2)


if __name__ == "__main__":
    if "--statements" in sys.argv:
        run_statements(Path(sys.argv[-1]))
    else:
        main()
