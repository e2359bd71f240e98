"""Writes made-up months: partitions by city and month, and seeds."""

import glob
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.months import month_states
from ywtb.assessment.reference import month_of
from ywtb.assessment.sql import literal, load_csv, rules_database
from ywtb.project import Project, SettingsError

MOST_IN_SEEDS = 1_000
"""City-months up to which the months are written as seeds, too."""

CITY_MONTHS_AT_ONCE = 120

MODELS = (
    "int_units_monthly",
    "int_dimension_weights_monthly",
    "int_group_indicators_monthly",
    "int_rules_monthly",
)
REFERENCE = ("cities", "units", "unit_aliases")
"""Seeds that name cities and units."""

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        cities: number of made-up cities.
        months: such as 2023-01, oldest first.
        unit_months: made-up units, counted in every month.
        observations: values of indicators that these report.
        files: written.
        has_seeds: whether the months are there as seeds, too.
        own_months: months in which the project's own cities take part.
    """

    cities: int
    months: list[str]
    unit_months: int
    observations: int
    files: int
    has_seeds: bool
    own_months: list[str]


def synthesize(
    project: Project,
    folder: Path,
    cities: int,
    months: Sequence[date],
    seed: int,
    report: Report = lambda phase, done, total: None,
) -> Made:
    """Write months of made-up cities into a folder that is not there or empty, in one step.

    Args:
        project: the checkout, whose seeds are the example.
        folder: where they are put.
        cities: how many, from 1 to 99,999.
        months: first days, in order.
        seed: the same number gives the same bytes.
        report: called with the phase, cities done and cities to do.

    Raises:
        FileExistsError: the folder is not empty.
        SettingsError: seeds that cannot be read, or without units.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        root = Path(beside) / "made"
        root.mkdir()
        with _open(project, cities, months, seed) as connection:
            made = _Writer(project, root, connection, months).write(cities, report)
        root.rename(folder)
    return made


def _open(
    project: Project, cities: int, months: Sequence[date], seed: int
) -> duckdb.DuckDBPyConnection:
    """A database with all that cells are drawn from."""
    own = _own_months(project)
    connection = rules_database(project, sorted({*own, *months}), MODELS)
    variables = {
        "seed": str(seed),
        "city_count": str(cities),
        "first_month": _date(months[0]),
        "last_month": _date(months[-1]),
        "own_months": f"cast([{', '.join(map(_date, own))}] as date[])",
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = {value}")
    connection.execute(_sql("setup"))
    if connection.execute("from made.templates limit 1").fetchone() is None:
        raise SettingsError("seeds/reference/units.csv 中没有单位")
    connection.execute(_sql("units"))
    connection.execute(_sql("reported"))
    return connection


def _own_months(project: Project) -> list[date]:
    """Months that the project has, those apart that are still being collected."""
    states = month_states(project)
    months = (name.replace("_", "-") for name in project.score_months())
    return [month_of(name) for name in months if states[name].stage != "collecting"]


class _Writer:
    """Writes everything into a folder: first the partitions, then seeds of what these hold."""

    def __init__(
        self,
        project: Project,
        root: Path,
        connection: duckdb.DuckDBPyConnection,
        months: Sequence[date],
    ) -> None:
        self.project, self.root, self.connection, self.months = project, root, connection, months
        self.files = 0
        self.feeds: dict[str, tuple[str, str]] = {
            feed: (key, kind)
            for feed, key, kind in self._rows(
                "select feed_code, key_column, feed_kind from reference.feeds order by feed_order"
            )
        }
        self.columns: dict[tuple[str, str], str] = {
            (feed, value_type): name
            for feed, value_type, name in self._rows(
                "select feed_code, value_type, column_name from reference.feed_columns "
                "order by feed_code, column_order"
            )
        }

    def write(self, city_count: int, report: Report) -> Made:
        self._sample()
        own = [month for month in _own_months(self.project) if month in self.months]
        for month in own:
            self._write_own(month)
        unit_months = observations = 0
        step = max(1, CITY_MONTHS_AT_ONCE // len(self.months))
        for start in range(1, city_count + 1, step):
            end = min(start + step - 1, city_count)
            self.connection.execute(f"set variable from_city = {start}")
            self.connection.execute(f"set variable to_city = {end}")
            self.connection.execute(_sql("cells"))
            self.connection.execute(_sql("metrics"))
            ((units, cells),) = self._rows(
                "select (select count(*) from made.unit_months), (select count(*) from made.drawn)"
            )
            unit_months += units
            observations += cells
            for feed in self.feeds:
                self._write_partitions(feed)
            report("synthesize", end, city_count)
        has_seeds = city_count * len(self.months) <= MOST_IN_SEEDS
        if has_seeds:
            for month in self.months:
                self._write_seeds(month)
        for name in REFERENCE:
            self._copy(f"from made.seed_{name}", self.root / "seeds" / "reference" / f"{name}.csv")
        (self.root / ".gitignore").write_text("*\n")
        return Made(
            city_count,
            [f"{month:%Y-%m}" for month in self.months],
            unit_months,
            observations,
            self.files,
            has_seeds,
            [f"{month:%Y-%m}" for month in own],
        )

    def _sample(self) -> None:
        """Make `made.samples` of the city-level figures of the project's own city."""
        self.connection.execute(
            "create table made.samples (metric_code varchar, usual bigint, has_rank boolean)"
        )
        for month in _own_months(self.project)[-1:]:
            for feed, (key, kind) in self.feeds.items():
                if kind == "city_metrics" and self._read_own(feed, month):
                    value, rank = (self.columns[feed, each] for each in ("value", "rank"))
                    self.connection.execute(
                        f"insert into made.samples select {key}, "  # noqa: S608
                        f"cast(try_cast({value} as decimal(12, 2)) * 100 as bigint), "
                        f"{rank} is not null from made.own "
                        "where city_code = (select min(city_code) from made.own)"
                    )

    def _write_own(self, month: date) -> None:
        """Write the project's own files of a month as they are."""
        for feed in self.feeds:
            if self._read_own(feed, month):
                for (city,) in self._rows("select distinct city_code from made.own"):
                    target = self._partition(city, f"{month}", feed)
                    rows = f"from made.own where city_code = {literal(city)}"
                    self._copy(f"select * exclude (city_code) {rows}", target)

    def _read_own(self, feed: str, month: date) -> bool:
        """Make `made.own` of the project's own file, if there is one; whether there is."""
        name = f"{month:%Y_%m}"
        path = self.project.seeds / "raw" / name / f"raw_{feed}__{name}.csv"
        if not path.exists():
            return False
        self.connection.execute("drop table if exists made.received")
        load_csv(self.connection, "made.received", path, {})
        self.connection.execute(f"set variable own_month = {_date(month)}")
        self.connection.execute(_sql("own"))
        return True

    def _write_partitions(self, feed: str) -> None:
        """Write the files of a feed of the cities that were drawn."""
        rows = self._feed_rows(feed)
        if rows is None:
            return
        parts = self.root / "parts"
        self.connection.execute(
            f"copy ({rows}) to {literal(str(parts))} "
            "(format parquet, partition_by (city_code, score_month))"
        )
        for path in parts.glob("*/*/*"):
            city, month = (each.name.partition("=")[2] for each in path.parents[1::-1])
            path.rename(self._partition(city, month, feed))
            self.files += 1
        shutil.rmtree(parts)

    def _feed_rows(self, feed: str) -> str | None:
        """The query of a feed's rows, as its files have them; None where there are none."""
        key, kind = self.feeds[feed]
        if kind == "city_metrics":
            columns = {"value": "value", "rank": "province_rank", "detail": "cast(null as varchar)"}
            named = "".join(
                f", {columns[value_type]} as {name}"
                for (of, value_type), name in self.columns.items()
                if of == feed
            )
            return (
                f"select city_code, score_month, metric_code as {key}{named} "  # noqa: S608
                "from made.metric_rows order by city_code, score_month, metric_order"
            )
        indicators = self._rows(
            "select distinct indicator_code, indicator_order from made.reported "  # noqa: S608
            f"where dimension_code = {literal(feed)} order by indicator_order"
        )
        if kind != "indicators" or not indicators:
            return None
        named = ", ".join(
            f"max(cell) filter (where indicator_code = {literal(name)}) as {name}"
            for name, _ in indicators
        )
        return (
            f"select city_code, score_month, written_name({literal(feed)}, score_month, unit_id, "  # noqa: S608
            f"unit_name, names) as {key}, cells.* exclude (unit_no) "
            f"from (select unit_no, {named} from made.cells "
            f"where dimension_code = {literal(feed)} group by unit_no) as cells "
            "inner join made.unit_months using (unit_no) "
            "order by city_code, score_month, group_order, official_order, unit_id"
        )

    def _write_seeds(self, month: date) -> None:
        """Write the month's files once more, one of each feed for all cities."""
        name, root = f"{month:%Y_%m}", glob.escape(str(self.root / "raw"))
        for feed in self.feeds:
            files = literal(f"{root}/city_code=*/score_month={month}/{feed}.parquet")
            if self._rows(f"from glob({files}) limit 1"):
                path = self.root / "seeds" / "raw" / name / f"raw_{feed}__{name}.csv"
                self._copy(
                    "select city_code, * exclude (city_code, score_month, file_row_number) "  # noqa: S608
                    f"from read_parquet({files}, hive_partitioning = true, "
                    "hive_types_autocast = false, union_by_name = true, file_row_number = true) "
                    "order by city_code, file_row_number",
                    path,
                )

    def _partition(self, city: str, month: str, feed: str) -> Path:
        """Path of a file that is written next."""
        folder = self.root / "raw" / f"city_code={city}" / f"score_month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{feed}.parquet"

    def _copy(self, sql: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        options = "format csv, header" if path.suffix == ".csv" else "format parquet"
        self.connection.execute(f"copy ({sql}) to {literal(str(path))} ({options})")
        self.files += 1

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def _date(month: date) -> str:
    return f"date '{month}'"


def _sql(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
