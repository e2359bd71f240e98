# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==1.5.6", "pandas", "polars", "pyarrow", "sqlmesh"]
# ///
"""How long others take to score what a release scored: from its observations to totals and places.

Run with `uv run scripts/benchmark_peers.py`, which installs them apart, since SQLMesh needs an
older pandas than Great Expectations. Each peer starts from the same tables in its own memory or
file, and its answer is compared with the release row by row, exactly, before its time counts.
The models' SQL is as dbt compiled it (`dbt compile` first). Prints a table in Markdown.
"""

import argparse
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

INPUTS = {
    "observations": "(select score_month, city_code, unit_id, group_code, indicator_code,"
    " obs_value, obs_status from marts.fct_observations)",
    "group_indicators": "intermediate.int_group_indicators_monthly",
    "rules": "intermediate.int_rules_monthly",
    "units": "marts.dim_units",
    "weights": "intermediate.int_dimension_weights_monthly",
    "adjustments": "audit.adjustments_in_force",
}
MODELS = ("fct_indicator_scores", "fct_dimension_scores", "fct_composite_scores")
ANSWER = "select score_month, unit_id, exact_score, sequence_no, score_rank from "
ZERO = Decimal(0)
PANDAS_CITIES = 100

Answer = Iterable[tuple[Any, ...]]
Peer = Callable[[], tuple[float, Answer]]


def main() -> None:
    """Time every peer on a release and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", type=Path, nargs="?", default=Path("warehouse/ywtb.duckdb"))
    parser.add_argument("--compiled", type=Path, default=Path("target/compiled/ywtb/models/marts"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--without", nargs="*", default=[], help="peers that are left out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # A catalog is named after its file, and the compiled SQL names the catalog.
        release = Path(shutil.copy(given.database.resolve(), Path(folder) / "ywtb.duckdb"))
        release.chmod(0o600)
        with duckdb.connect(str(release), read_only=True) as connection:
            expected = sorted(connection.sql(f"{ANSWER} marts.{MODELS[-1]}").fetchall())
            (counted,) = connection.sql("select count(*) from marts.fct_observations").fetchall()[0]
        sql = {name: (given.compiled / f"{name}.sql").read_text("utf-8") for name in MODELS}
        peers: dict[str, Peer] = {
            "DuckDB, the compiled SQL": lambda: by_duckdb(release, sql, "view"),
            "the same, each model as a table": lambda: by_duckdb(release, sql, "table"),
            "Polars": lambda: by_polars(release),
            "pandas": lambda: by_pandas(release),
            "SQLMesh on DuckDB": lambda: by_sqlmesh(release, sql),
        }
        print(f"{counted:,} observations to {len(expected):,} totals, medians of {given.runs}:\n")
        print("| peer | seconds | × DuckDB |\n| --- | ---: | ---: |")
        base = None
        for name, peer in peers.items():
            if name in given.without:
                continue
            seconds = []
            for _ in range(given.runs):
                taken, answer = peer()
                if sorted(answer) != expected:
                    sys.exit(f"{name}: not what the release holds")
                seconds.append(taken)
            taken = statistics.median(seconds)
            base = base or taken
            print(f"| {name} | {taken:.3f} | {taken / base:.1f} |", flush=True)


def by_duckdb(release: Path, sql: dict[str, str], kind: str) -> tuple[float, Answer]:
    """The answer as a table, from the three models as views or as tables."""
    with duckdb.connect(str(release), read_only=True) as connection:
        begun = time.perf_counter()
        for name in MODELS:
            text = re.sub(f'"ywtb"."marts"."({"|".join(MODELS)})"', r"temp.\1", sql[name])
            connection.execute(f"create temp {kind} {name} as {text}")
        connection.execute(f"create temp table answer as {ANSWER} temp.{MODELS[-1]}")
        taken = time.perf_counter() - begun
        return taken, connection.sql("from answer").fetchall()


def by_polars(release: Path) -> tuple[float, Answer]:
    """Decimals as whole numbers of their last place, as Polars' own lose places in products."""
    import polars as pl

    def whole(column: str, places: int) -> pl.Expr:
        return (pl.col(column).cast(pl.Decimal(38, places)) * 10**places).cast(pl.Int128)

    with duckdb.connect(str(release), read_only=True) as connection:
        tables = {name: connection.sql(f"from {source}").pl() for name, source in INPUTS.items()}
    begun = time.perf_counter()
    lazy = {name: table.lazy() for name, table in tables.items()}
    uses = lazy["group_indicators"].with_columns(most=whole("max_points", 2))
    rules = lazy["rules"].with_columns(
        whole("base_share", 4), whole("base_points", 4), whole("slope_share", 4),
        whole("slope_points", 4), whole("lower_value", 6), whole("upper_value", 6),
    )  # fmt: skip
    value = pl.max_horizontal(
        "lower_value", pl.min_horizontal("value", pl.coalesce("upper_value", "value"))
    )
    # 12 places: 2 of the maximum, 4 of the slope, 6 of the value.
    segment = (pl.col("most") * pl.col("base_share") + pl.col("base_points") * 100) * 10**6 + (
        pl.col("most") * pl.col("slope_share") + pl.col("slope_points") * 100
    ) * (value - pl.col("lower_value"))
    most = pl.col("most") * 10**10
    curve = (
        pl.when(pl.col("most") == 0)
        .then(pl.min_horizontal("points", most))
        .otherwise(pl.min_horizontal(pl.max_horizontal("points", 0), most))
    )
    month = "score_month"
    losses = (
        lazy["observations"]
        .with_columns(value=whole("obs_value", 6))
        .join(uses, on=[month, "group_code", "indicator_code"])
        .join(rules, on=[month, "rule_id"])
        .group_by(month, "unit_id", "dimension_code", "indicator_code", "obs_status", "most")
        .agg(points=segment.sum())
        .with_columns(lost=pl.when(pl.col("obs_status") == "M").then(0).otherwise(most - curve))
        .group_by(month, "unit_id", "dimension_code")
        .agg(pl.col("lost").sum())
    )
    adjustments = (
        lazy["adjustments"]
        .group_by(month, "unit_id", "dimension_code")
        .agg(whole("adjustment_points", 3).sum().alias("adjusted"))
    )
    units = lazy["units"]
    score = (
        whole("weight", 2) * 10**10
        - pl.col("lost").fill_null(0)
        + pl.col("adjusted").fill_null(0) * 10**9
    )
    totals = (
        units.join(lazy["weights"], on=[month, "city_code", "group_code"])
        .join(losses, on=[month, "unit_id", "dimension_code"], how="left")
        .join(adjustments, on=[month, "unit_id", "dimension_code"], how="left")
        .group_by(month, "city_code", "group_code", "unit_id", "official_order")
        .agg(total=pl.max_horizontal(score, 0).sum())
        .sort("total", "official_order", "unit_id", descending=[True, False, False])
        .with_columns(
            sequence_no=pl.int_range(1, pl.len() + 1).over(month, "city_code", "group_code"),
            score_rank=pl.col("total")
            .rank("min", descending=True)
            .over(month, "city_code", "group_code"),
        )
        .select(month, "unit_id", "total", "sequence_no", "score_rank")
        .collect()
    )
    taken = time.perf_counter() - begun
    return taken, [
        (day, unit, Decimal(total) / 10**12, number, rank)
        for day, unit, total, number, rank in totals.iter_rows()
    ]


def by_pandas(release: Path) -> tuple[float, Answer]:
    """Some cities after the others: the objects of all of a province do not fit in memory."""
    import pandas as pd

    taken, answers = 0.0, list[Answer]()
    with duckdb.connect(str(release), read_only=True) as connection:
        cities = connection.sql("select distinct city_code from marts.dim_units").fetchall()
        for first in range(0, len(cities), PANDAS_CITIES):
            batch = [city for (city,) in cities[first : first + PANDAS_CITIES]]
            tables = {}
            for name, source in INPUTS.items():
                found = connection.sql(f"from {source}")
                if "city_code" in found.columns:
                    found = connection.sql(
                        f"from {source} where city_code in (select unnest($1))", params=[batch]
                    )
                tables[name] = pd.DataFrame(found.fetchall(), columns=found.columns, dtype=object)
            seconds, answer = pandas_totals(tables)
            taken += seconds
            answers.append(answer)
    return taken, chain.from_iterable(answers)


def pandas_totals(tables: dict[str, Any]) -> tuple[float, Answer]:
    """Columns of `Decimal` objects, since pandas has no decimals of its own."""
    import pandas as pd

    begun = time.perf_counter()
    month = "score_month"
    parts = (
        tables["observations"]
        .merge(tables["group_indicators"], on=[month, "group_code", "indicator_code"])
        .merge(tables["rules"], on=[month, "rule_id"])
    )
    parts["points"] = [
        ZERO
        if status == "M"
        else most * base_share + base
        + (most * slope_share + slope)
        * (max(lower, min(value, value if pd.isna(upper) else upper)) - lower)
        for value, status, most, base_share, base, lower, upper, slope_share, slope in zip(
            *(
                parts[column]
                for column in (
                    "obs_value", "obs_status", "max_points", "base_share", "base_points",
                    "lower_value", "upper_value", "slope_share", "slope_points",
                )
            ),
            strict=True,
        )
    ]  # fmt: skip
    key = [month, "unit_id", "dimension_code"]
    points = parts.groupby(
        [*key, "indicator_code", "obs_status", "max_points"], as_index=False, sort=False
    )["points"].sum()
    points["lost"] = [
        ZERO if status == "M" else most - min(found if most == 0 else max(found, ZERO), most)
        for status, most, found in zip(
            points["obs_status"], points["max_points"], points["points"], strict=True
        )
    ]
    scores = (
        tables["units"]
        .merge(tables["weights"], on=[month, "city_code", "group_code"])
        .merge(points.groupby(key, as_index=False)["lost"].sum(), on=key, how="left")
        .merge(
            tables["adjustments"].groupby(key, as_index=False)["adjustment_points"].sum(),
            on=key,
            how="left",
        )
    )
    for column in ("lost", "adjustment_points"):
        scores[column] = [ZERO if pd.isna(each) else each for each in scores[column]]
    scores["score"] = [
        max(ZERO, each) for each in scores["weight"] - scores["lost"] + scores["adjustment_points"]
    ]
    totals = scores.groupby(
        [month, "city_code", "group_code", "unit_id", "official_order"], as_index=False
    )["score"].sum()
    totals = totals.sort_values(
        ["score", "official_order", "unit_id"], ascending=[False, True, True]
    )
    groups = totals.groupby([month, "city_code", "group_code"])
    totals["sequence_no"] = groups.cumcount() + 1
    # Exact, where pandas would rank floats: the first place that a total has.
    totals["score_rank"] = totals.groupby([month, "city_code", "group_code", "score"])[
        "sequence_no"
    ].transform("min")
    taken = time.perf_counter() - begun
    return taken, totals[[month, "unit_id", "score", "sequence_no", "score_rank"]].itertuples(
        index=False, name=None
    )


def by_sqlmesh(release: Path, sql: dict[str, str]) -> tuple[float, Answer]:
    """The same SQL as three full models: a plan, applied to an empty environment."""
    from sqlmesh import Context
    from sqlmesh.core.config import (
        Config,
        DuckDBConnectionConfig,
        GatewayConfig,
        ModelDefaultsConfig,
    )
    from sqlmesh.core.console import NoopConsole, set_console

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = shutil.copy(release, folder / "ywtb.duckdb")
        with duckdb.connect(str(database)) as connection:
            for model in MODELS:
                connection.execute(f"drop table marts.{model} cascade")
        (folder / "models").mkdir()
        for model, text in sql.items():
            (folder / "models" / f"{model}.sql").write_text(
                f"MODEL (name marts.{model}, kind FULL);\n\n{text}\n", "utf-8"
            )
        set_console(NoopConsole())
        config = Config(
            gateways={"": GatewayConfig(connection=DuckDBConnectionConfig(database=str(database)))},
            model_defaults=ModelDefaultsConfig(dialect="duckdb"),
        )
        begun = time.perf_counter()
        context = Context(paths=[str(folder)], config=config)
        context.plan(auto_apply=True, no_prompts=True)
        taken = time.perf_counter() - begun
        context.close()
        with duckdb.connect(str(database), read_only=True) as connection:
            return taken, connection.sql(f"{ANSWER} marts.{MODELS[-1]}").fetchall()


if __name__ == "__main__":
    main()
