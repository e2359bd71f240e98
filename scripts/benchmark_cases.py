"""What case records cost: a whole dbt build with so many in a month, against one without any.

Works on a copy of the checkout. The records are made up, one Parquet file with a column of identity
numbers that must not be read; DuckDB may take 4 GB. Before a time counts, what was counted is
compared with a count of the file itself. Writes the table to docs/benchmarks/cases.md.
"""

import argparse
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmark import BARE, PARTS, Checkout, Cost
from ywtb.project import Project

MODELS = ("cases_behind_points", "case_indicators", "int_repeated_cases", "int_case_problems")
MEMORY = "4GB"
FILE = Path("cases/city_code=511700/score_month=2023-06-01/cases.parquet")

DICE = "create macro dice(number, throw, sides) as cast(hash(number, throw) % sides as bigint)"

RECORDS = """
    copy (
        select
            'DZ202306' || lpad(cast(number as varchar), 10, '0') as 办件编号,
            '511700' || lpad(cast(dice(number, 0, 1000000000000) as varchar), 12, '0') as 身份证号,
            units[dice(number, 1, len(units)) + 1] as 办理单位,
            accepted as 受理时间,
            due as 承诺办结时间,
            case
                when dice(number, 2, 1000) >= 990 then null
                when dice(number, 2, 1000) >= 985 then due + interval 2 day
                else accepted + interval 3 hour
            end as 办结时间,
            case
                when dice(number, 3, 10000) < 5 then '不满意'
                when dice(number, 3, 10000) < 3000 then '非常满意'
            end as 满意度评价,
            case
                when dice(number, 3, 10000) < 4 then due + interval 5 day
            end as 整改时间
        from (
            select
                number,
                $units as units,
                timestamp '2023-05-20 09:00:00' + interval (dice(number, 4, 41)) day as accepted,
                accepted + interval (dice(number, 5, 15) + 1) day as due
            from range($count) as numbers (number)
        )
    ) to '{file}' (format parquet, compression zstd)
"""
"""One in a hundred is open, one in two hundred late, one in two thousand of negative review."""

COUNTED = """
    select
        count(*) filter (where due and (办结时间 is null or 办结时间::date > 承诺办结时间::date)),
        count(*) filter (
            where 满意度评价 = '不满意' and month(coalesce(办结时间, 承诺办结时间)) = 6
        )
    from (select *, month(承诺办结时间) = 6 as due from '{file}')
"""


@dataclass(frozen=True)
class Line:
    """A build with so many records: its cost, seconds of each model, size of the file and kept."""

    count: int
    cost: Cost
    seconds: dict[str, float]
    file_size: float
    kept: int


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10, 100])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        for part in PARTS:
            copy = shutil.copytree if Path(part).is_dir() else shutil.copy
            copy(part, checkout.root / part)
        (checkout.root / "warehouse" / "dev").mkdir(parents=True)
        _change(checkout.root / "profiles.yml", "threads: 1", _limited())
        lines = [_measure(checkout, 0)]
        _change(checkout.root / "dbt_project.yml", "# case_path: cases", "case_path: cases")
        lines += [_measure(checkout, millions * 1_000_000) for millions in given.millions]
    _write(Path("docs/benchmarks/cases.md"), lines)


def _limited() -> str:
    return f"threads: 1\n      settings: {{memory_limit: {MEMORY}}}"


def _change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _measure(checkout: Checkout, count: int) -> Line:
    """Build with so many records, which have just been written."""
    file, database = checkout.root / FILE, checkout.root / "warehouse/dev/ywtb.duckdb"
    if count:
        units = [row["unit_name"] for row in Project(checkout.root).reference("units")]
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
            connection.execute("set preserve_insertion_order = false")
            connection.execute(DICE)
            connection.execute(RECORDS.format(file=file), {"units": units, "count": count})
    database.unlink(missing_ok=True)
    cost = checkout.run(*BARE)
    results = json.loads((checkout.root / "target/run_results.json").read_text(encoding="utf-8"))
    seconds = {
        model: each["execution_time"]
        for each in results["results"]
        for model in MODELS
        if each["unique_id"] == f"model.ywtb.{model}"
    }
    line = Line(count, cost, seconds, file.stat().st_size if count else 0, _kept(database, file))
    print(line, flush=True)
    return line


def _kept(database: Path, file: Path) -> int:
    """How many cases the database keeps.

    Raises:
        ValueError: it counts otherwise than the file, or has a text of a column not to be read.
    """
    if not file.exists():
        return 0
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            "select sum(overdue_case_count), sum(negative_review_count) from cases.case_indicators"
        ).fetchone()
        rows = connection.execute("select count(*) from cases.cases_behind_points").fetchone()
    if found != duckdb.sql(COUNTED.format(file=file)).fetchone():
        raise ValueError(found)
    return int(rows[0]) if rows else 0


def _write(path: Path, lines: list[Line]) -> None:
    models = " | ".join(MODELS)
    text = [
        "# What case records cost",
        "",
        "A whole `dbt build` (no unit tests) of June 2023 with so many case records in the month,",
        f"in one Parquet file; DuckDB may take {MEMORY}, {os.cpu_count()} processors. One in a",
        "hundred is open, one in two hundred late, one in two thousand of negative review; those",
        "that count are kept. Beside it the seconds of the models in which the file is read. Made",
        "by `scripts/benchmark_cases.py`; other work ran beside it, so trust processor seconds.",
        "",
        f"| records | MiB of the file | seconds | processor seconds | MiB | {models} | rows kept |",
        f"| ---: | ---: | ---: | ---: | ---: |{' ---: |' * (len(MODELS) + 1)}",
    ]
    text += [
        f"| {line.count:,} | {line.file_size / 1024**2:.0f} | {line.cost.wall:.1f} "
        f"| {line.cost.cpu:.1f} | {line.cost.memory:.0f} | "
        + " | ".join(f"{line.seconds[model]:.1f}" if line.count else "" for model in MODELS)
        + f" | {line.kept:,} |"
        for line in lines
    ]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
