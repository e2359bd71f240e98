"""What a worker does: find out what changed of some cities, and build their changed months."""

import glob
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.problem import Failure
from ywtb.assessment.sql import literal
from ywtb.pipeline.dbt_build import FAILING_ROWS
from ywtb.province.plan import ALL, NEWEST, Check, Model, Plan, names_of
from ywtb.release.queries import rows

MEMORY = "1GB"
"""The most that DuckDB takes of a worker's memory; beyond it, it writes to disk."""

ROWS = "rows.parquet"
STATE = ".state"
LARGE_PART = 64
"""Only in parts with fewer rows does DuckDB's partitioned COPY keep their order."""

NEWEST_MONTHS = """
with scored as (
    select city_code, unit_id, stage, score_month from marts.fct_composite_scores
    union
    select city_code, null, stage, score_month from marts.fct_composite_scores
),
scored_now as (
    select
        city_code,
        unit_id,
        bool_or(stage = 'final') filter (score_month >= $first) as is_final,
        max(score_month) filter (score_month < $first) as last_month,
        max(score_month) filter (score_month < $first and stage = 'final') as last_final_month
    from scored
    group by all
    having max(score_month) >= $first
)
select distinct scored.city_code, scored.score_month
from scored
inner join scored_now
    on
        scored.city_code = scored_now.city_code
        and scored.unit_id is not distinct from scored_now.unit_id
where
    score_month < $first
    and score_month >= case
        when is_final then coalesce(last_final_month, last_month) else last_month
    end
order by all
"""
"""Months of cities of which rows are read as `NEWEST`, by the totals, which are there of all."""


@dataclass(frozen=True)
class City:
    """A city's months; what each follows from lies in a file, so that the scheduler carries little.

    Attributes:
        code: of the city.
        months: first days, oldest first.
        first: the first month that differs from what was built; None where nothing does.
        surveyed: a file with what is going to be in place, as `built_months` tells it; there is
            none where nothing differs.
    """

    code: str
    months: list[str]
    first: str | None
    surveyed: str


@dataclass(frozen=True)
class Built:
    """What came of a city: the months that were built, or why none was."""

    code: str
    months: list[str]
    failures: list[Failure] = field(default_factory=list)


class RefusalError(Exception):
    """A check found rows, or SQL stopped with an error."""

    def __init__(self, failure: Failure) -> None:
        """Keep what failed."""
        super().__init__(failure.name)
        self.failure = failure


def _plan(path: str) -> tuple[Plan, str]:
    """The plan and the checksum of its SQL; a worker may outlive the run that made it."""
    return _plan_as_of(path, Path(path).stat().st_mtime_ns)


@cache
def _plan_as_of(path: str, _: int) -> tuple[Plan, str]:
    plan = Plan.read_file(Path(path))
    parts = (duckdb.__version__, plan.feeds, plan.read, plan.results, plan.models, plan.checks)
    return plan, hashlib.sha256(repr(parts).encode()).hexdigest()


def survey(plan_path: str, codes: Sequence[str]) -> list[City]:
    """What changed of some cities since their results were put in place.

    A month follows from its files, what is in force in it, the SQL, and the month before. Files
    that look as they did, by name, size and time, are not read again.
    """
    plan, sql_checksum = _plan(plan_path)
    with _database(plan, codes) as connection:
        left_out = plan.read_in_force
        try:
            _run(connection, plan.in_force, [], set())
        except RefusalError:  # a build will be refused, and say why
            if len(codes) > 1:
                return [city for code in codes for city in survey(plan_path, [code])]
            left_out = []
        in_force = _checksums(connection, left_out)
    return [_survey(plan, code, sql_checksum, in_force) for code in codes]


def _survey(
    plan: Plan, code: str, sql_checksum: str, in_force: dict[tuple[str | None, str | None], str]
) -> City:
    known = built_months(Path(plan.out), code)
    months: dict[str, dict[str, str]] = {}
    files = {month: _files(plan, code, month) for month in plan.months}
    present = [month for month, found in files.items() if found]
    earlier = ""
    for month in plan.months:
        if not present or not present[0] <= month <= present[-1]:
            continue
        looks = checksum(
            f"{path.name} {stat.st_size} {stat.st_mtime_ns}"
            for path in files[month]
            for stat in [path.stat()]
        )
        before = known.get(month, {})
        content = before["content"] if before.get("stat") == looks else _content(files[month])
        parts = (in_force.get((city, date), "") for city in (None, code) for date in (None, month))
        earlier = checksum((earlier, sql_checksum, content, *parts))
        months[month] = {"stat": looks, "content": content, "fingerprint": earlier}
    differing = [
        month
        for month in sorted({*months, *known})
        if months.get(month, {}).get("fingerprint") != known.get(month, {}).get("fingerprint")
    ]
    surveyed = Path(plan.scratch) / f"{uuid.uuid4().hex}.json"
    if differing:
        write_state(plan, surveyed, months)
    return City(code, list(months), min(differing, default=None), str(surveyed))


def build(plan_path: str, cities: Sequence[City]) -> list[Built]:
    """Build cities whose first changed month and last month are the same.

    What a city is refused for does not touch the others: those that failing rows name are left
    out and the rest is built again; where rows name none, each is built by itself.
    """
    plan, _ = _plan(plan_path)
    try:
        folder = _computed(plan, cities)
    except RefusalError as refusal:
        failure = refusal.failure
        if len(cities) == 1:
            return [Built(cities[0].code, [], [failure])]
        named = {str(row.get("city_code")) for row in failure.rows}
        bad = [city for city in cities if city.code in named]
        if not failure.rows or named != {city.code for city in bad}:
            return [built for city in cities for built in build(plan_path, [city])]
        rest = [city for city in cities if city.code not in named]
        return [built for city in bad for built in build(plan_path, [city])] + (
            build(plan_path, rest) if rest else []
        )
    try:
        return [_put_in_place(plan, folder, city) for city in cities]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(out: Path, code: str) -> None:
    """Remove the results of a city that has no files any more."""
    for root in (out, out / STATE):
        for folder in root.glob(f"*/*/city_code={code}"):
            shutil.rmtree(folder)
    (out / STATE / f"{code}.json").unlink(missing_ok=True)


def built_months(out: Path, code: str) -> dict[str, dict[str, str]]:
    """What is in place of a city.

    Returns:
        By first day of the month what the files looked like (`stat`), their content, and the
        fingerprint of all that the month's results follow from.
    """
    try:
        content: dict[str, dict[str, str]] = json.loads((out / STATE / f"{code}.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content


def count_province(plan_path: str, month: str) -> list[Failure]:
    """Build a month of the models over all cities from what is in place of each."""
    plan, _ = _plan(plan_path)
    folder = Path(plan.scratch) / uuid.uuid4().hex
    try:
        with _connection(plan) as connection:
            for model in plan.models:
                found = Path(plan.out, *names_of(model.table)).glob(
                    f"city_code=*/score_month={month}/{ROWS}"
                )
                if files := sorted(map(str, found)):
                    connection.execute(f"create view {model.table} as from {_parquet(files)}")
            _run(connection, plan.province_models, plan.province_checks, set())
            for model in plan.province_models:
                target = _table_folder(folder, model.table) / ROWS
                order = ", ".join(model.keys) or "all"
                _copy(connection, model.table, f"from {model.table} order by {order}", target)
                place(target, _table_folder(Path(plan.out), model.table) / f"score_month={month}")
    except RefusalError as refusal:
        return [refusal.failure]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return []


def place(file: Path, folder: Path) -> None:
    """Put a file of results in place in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    file.replace(folder / ROWS)


def write_rows_without_city(plan: Plan) -> None:
    """Put in place what the reference holds of all cities, by month."""
    folder = Path(plan.scratch) / uuid.uuid4().hex
    with _connection(plan) as connection:
        for table in plan.results:
            columns = _columns(connection, f"by_dbt.{table}")
            if "city_code" in columns or "score_month" not in columns:
                continue
            made, target = (_table_folder(root, table) for root in (folder, Path(plan.out)))
            _copy_parts(connection, f"by_dbt.{table}", made, [], "", ["score_month"])
            months = [path.name.removeprefix("score_month=") for path in made.iterdir()]
            for month in months:
                part = f"score_month={month}"
                place(next((made / part).iterdir()), target / part)
            keep_months(Path(plan.out), table, months)
    shutil.rmtree(folder, ignore_errors=True)


def keep_months(out: Path, table: str, months: Iterable[str]) -> None:
    """Remove what a table without cities has of other months."""
    wanted = {f"score_month={month}" for month in months}
    for folder in _table_folder(out, table).glob("score_month=*"):
        if folder.name not in wanted:
            shutil.rmtree(folder)


@contextmanager
def _connection(plan: Plan) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory, called as dbt calls it, with the reference beside it."""
    spilled = str(Path(plan.scratch) / f"spilled-{os.getpid()}")
    config: dict[str, Any] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "temp_directory": spilled,
        "enable_external_file_cache": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        reference = literal(str(plan.reference))
        connection.execute(f"attach {reference} as by_dbt (read_only)")
        connection.execute("attach ':memory:' as ywtb")
        connection.execute("use ywtb")
        tables = [*plan.read, *plan.results, *(each.table for each in plan.models)]
        tables += [each.table for each in plan.province_models]
        for schema in sorted({names_of(table)[0] for table in tables} | {"raw"}):
            connection.execute(f'create schema if not exists "{schema}"')
        yield connection


@contextmanager
def _database(
    plan: Plan, codes: Sequence[str], first: str | None = None, last: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with what some cities need of the reference, of some months or all."""
    with _connection(plan) as connection:
        months = f"between {literal(first)} and {literal(last)}" if first and last else ""
        for table in {*plan.read, *plan.results}:
            rows_of_cities = _reference_rows(connection, table, codes, months)
            connection.execute(f"create table {table} as {rows_of_cities}")
        yield connection


def _reference_rows(
    connection: duckdb.DuckDBPyConnection, table: str, codes: Sequence[str], months: str
) -> str:
    """A query of what the reference has for some cities, and for months where a table has any."""
    columns = _columns(connection, f"by_dbt.{table}")
    conditions = ["true"]
    if "city_code" in columns:
        listed = ", ".join(map(literal, codes))
        conditions.append(f"(city_code is null or city_code in ({listed}))")
    if months and "score_month" in columns:
        conditions.append(f"score_month {months}")
    return f"from by_dbt.{table} where {' and '.join(conditions)}"


def _computed(plan: Plan, cities: Sequence[City]) -> Path:
    """Results of cities in a folder beside, laid out as in the end.

    Raises:
        RefusalError: a check found rows, or SQL stopped.
    """
    codes = [city.code for city in cities]
    first, months = cities[0].first, cities[0].months
    built = [month for month in months if first is not None and month >= first]
    folder = Path(plan.scratch) / uuid.uuid4().hex
    folder.mkdir()
    if not built:  # months that are no longer there
        return folder
    with _database(plan, codes, built[0], built[-1]) as connection:
        _open_files(connection, plan, codes, built)
        made: set[str] = set()
        _run(connection, [each for each in plan.models if not each.looks_back], plan.checks, made)
        _add_earlier_rows(connection, plan, cities, built[0])
        later = [model for model in plan.models if model.looks_back]
        _run(connection, later, plan.checks, made, f"score_month >= {literal(built[0])}")
        of_cities = f"where city_code in ({', '.join(map(literal, codes))})"
        of_months = f"{of_cities} and score_month >= {literal(built[0])}"
        for table, keys in plan.result_tables.items():
            if "city_code" in _columns(connection, table):
                _copy_parts(connection, table, _table_folder(folder, table), keys, of_months)
        for model in plan.kept:
            target = _table_folder(folder / STATE, model.table)
            if model.read_back == ALL:
                _copy_parts(connection, model.table, target, model.keys, of_cities, ["city_code"])
            else:
                _copy_parts(connection, model.table, target, [], of_months)
    return folder


def _open_files(
    connection: duckdb.DuckDBPyConnection, plan: Plan, codes: Sequence[str], months: Sequence[str]
) -> None:
    """Make `raw.cells` of the files of some cities and months.

    Raises:
        RefusalError: a file is of no feed, or is none that can be read.
    """
    by_feed: dict[str, list[Path]] = {}
    for code in codes:
        for month in months:
            for path in _files(plan, code, month):
                by_feed.setdefault(path.stem, []).append(path)
    if unknown := sorted({*by_feed} - {*plan.feeds}):
        found = [
            {"city_code": path.parent.parent.name.partition("=")[2], "source_file": str(path)}
            for feed in unknown
            for path in by_feed[feed]
        ]
        expected = "、".join(f"{feed}.parquet" for feed in plan.feeds)
        raise RefusalError(Failure("raw.cells", f"文件名不是任何一类数据；应为 {expected}", found))
    selects = [
        f"from by_dbt.raw.feed_cells({literal(feed)}, {literal(plan.feeds[feed])},"
        f" {literal(plan.source)}, [{', '.join(literal(glob.escape(str(p))) for p in files)}])"
        for feed, files in sorted(by_feed.items())
    ]
    _execute(connection, "raw.cells", f"create view raw.cells as {' union all '.join(selects)}")


def _run(
    connection: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    checks: Sequence[Check],
    made: set[str],
    where: str = "true",
) -> None:
    """Make models in turn, each check as soon as what it looks at is there.

    A model that goes on from its own rows has a table with those already.

    Raises:
        RefusalError: a check found rows, or SQL stopped.
    """
    for model in models:
        begin = "insert into {} by name" if model.goes_on else "create table {} as"
        sql = f"{begin.format(model.table)} from ({model.sql}) where {where}"
        _execute(connection, model.name, sql)
        made.add(model.name)
        for check in checks:
            if model.name in check.after and made.issuperset(check.after):
                with _refusing(check.name):
                    found = rows(connection, f"from ({check.sql}) limit {FAILING_ROWS}")
                if found:
                    raise RefusalError(Failure(check.name, check.message, found))


def _execute(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    with _refusing(name):
        connection.execute(sql)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Refuse where SQL stops."""
    try:
        yield
    except duckdb.Error as error:
        raise RefusalError(Failure(name, str(error).strip().split("\n")[0])) from error


def _add_earlier_rows(
    connection: duckdb.DuckDBPyConnection, plan: Plan, cities: Sequence[City], first: str
) -> None:
    """Add what the months that stay left to models that look back: all totals, else what is newest.

    A draft goes on from the month in which its unit, or the city, was last scored; a final month is
    compared with the last final one and goes on from what that and later drafts have.
    """
    codes = [city.code for city in cities]
    for table in plan.read_later:
        if table in plan.read and "score_month" in _columns(connection, table):
            earlier = _reference_rows(connection, table, codes, f"< {literal(first)}")
            connection.execute(f"insert into {table} {earlier}")
    for model in plan.in_force:
        if model.table in plan.read_later:
            sql = f"from ({model.sql}) where score_month < {literal(first)}"
            _execute(connection, model.name, f"insert into {model.table} by name {sql}")
    for table in plan.read_to_make_later:
        if "score_month" in _columns(connection, table):
            connection.execute(f"delete from {table} where score_month < {literal(first)}")  # noqa: S608
    kept = [(city.code, month) for city in cities for month in city.months if month < first]
    connection.execute(
        "create temp table kept_months as select unnest($1::varchar[]) as city_code,"
        " unnest($2::date[]) as score_month",
        [[code for code, _ in kept], [month for _, month in kept]],
    )
    for model in plan.models:
        if model.read_back == ALL:
            folder = _table_folder(Path(plan.out) / STATE, model.table)
            found = [folder / f"city_code={code}" / ROWS for code in codes]
            _insert(
                connection, model, found, "semi join kept_months using (city_code, score_month)"
            )
    newest = connection.execute(NEWEST_MONTHS, {"first": first}).fetchall()
    for model in plan.models:
        if model.read_back == NEWEST:
            if model.goes_on:
                columns = ", ".join(f"{name} {kind}" for name, kind, *_ in model.columns)
                connection.execute(f"create table {model.table} ({columns})")
            root = Path(plan.out) if model.is_result else Path(plan.out) / STATE
            folder = _table_folder(root, model.table)
            found = [folder / f"city_code={c}" / f"score_month={m}" / ROWS for c, m in newest]
            _insert(connection, model, found)


def _insert(
    connection: duckdb.DuckDBPyConnection, model: Model, files: Iterable[Path], where: str = ""
) -> None:
    if found := [str(path) for path in files if path.exists()]:
        sql = f"insert into {model.table} by name from {_parquet(found)} {where}"
        _execute(connection, model.name, sql)


def _put_in_place(plan: Plan, folder: Path, city: City) -> Built:
    """Put a city's results in place, each file in one step; what it no longer has goes.

    Until all are there the state tells of no month that is being changed, so that whoever goes on
    after a death builds them again.
    """
    out = Path(plan.out)
    state = out / STATE / f"{city.code}.json"
    first = city.first or ""
    earlier = built_months(out, city.code)
    changed = [month for month in sorted({*earlier, *city.months}) if month >= first]
    write_state(plan, state, {m: entry for m, entry in earlier.items() if m < first})
    part = f"city_code={city.code}"
    tables = [_table_folder(Path(), table) for table in plan.result_tables]
    tables += [_table_folder(Path(STATE), model.table) for model in plan.kept]
    for table in tables:
        for month in changed:
            made, target = (root / table / part / f"score_month={month}" for root in (folder, out))
            if made.is_dir():
                place(next(made.iterdir()), target)
            elif target.is_dir():
                shutil.rmtree(target)
        for whole in (folder / table / part).glob("*.parquet"):
            place(whole, out / table / part)
    write_state(plan, state, json.loads(Path(city.surveyed).read_bytes()))
    return Built(city.code, [month for month in city.months if month >= first])


def write_state(plan: Plan, path: Path, content: Mapping[str, Any]) -> None:
    """Write what is in place, or is going to be, in one step."""
    path.parent.mkdir(exist_ok=True)
    part = Path(plan.scratch) / f"{uuid.uuid4().hex}.json"
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    part.replace(path)


def _checksums(
    connection: duckdb.DuckDBPyConnection, left_out: Sequence[str]
) -> dict[tuple[str | None, str | None], str]:
    """Checksums of tables by city and month, None where rows name none."""
    found: dict[tuple[str | None, str | None], str] = {}
    tables = connection.execute(
        "select schema_name || '.' || table_name as name from duckdb_tables()"
        " where database_name = 'ywtb' and name not in (select unnest($1)) order by name",
        [left_out],
    ).fetchall()
    for (table,) in tables:
        columns = _columns(connection, table)
        city = "city_code" if "city_code" in columns else "null"
        month = "cast(score_month as varchar)" if "score_month" in columns else "null"
        described = repr(connection.execute(f"describe {table}").fetchall())
        of_rows = connection.execute(
            f"select {city}, {month}, count(*), sum(hash(each)) from {table} as each"  # noqa: S608
            " group by all"
        ).fetchall()
        for city_code, score_month, *rows_checksum in of_rows:
            key = (city_code, score_month)
            found[key] = checksum((found.get(key, ""), table, described, repr(rows_checksum)))
    return found


def _copy_parts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    folder: Path,
    keys: Sequence[str],
    where: str,
    parts: Sequence[str] = ("city_code", "score_month"),
) -> None:
    """Write the rows of each city and month to a file of their own, in an order of their own.

    DuckDB writes small parts in one go; in larger ones their order would depend on the batch.
    """
    order = ", ".join([*parts, *(keys or ["columns(*)"])])
    sql = f"create or replace temp table sorted_rows as from {table} {where} order by {order}"
    _execute(connection, table, sql)
    found = connection.execute(
        f"select min(rowid), max(rowid), {', '.join(parts)} from sorted_rows group by all"  # noqa: S608
    ).fetchall()
    if all(last - first + 1 < LARGE_PART for first, last, *_ in found):
        options = f"partition_by ({', '.join(parts)}), write_partition_columns true"
        _copy(connection, table, "from sorted_rows", folder, options)
        return
    for first, last, *values in found:
        names = (f"{part}={value}" for part, value in zip(parts, values, strict=True))
        sql = f"from sorted_rows where rowid between {first} and {last}"
        _copy(connection, table, sql, folder.joinpath(*names) / ROWS)


def _copy(
    connection: duckdb.DuckDBPyConnection, table: str, sql: str, target: Path, *options: str
) -> None:
    """Write rows of a table in an order, so that their bytes depend on nothing else."""
    target.parent.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(["format parquet", *options])
    _execute(connection, table, f"copy ({sql}) to {literal(str(target))} ({listed})")


def _parquet(files: Sequence[str]) -> str:
    listed = ", ".join(literal(glob.escape(path)) for path in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def _table_folder(out: Path, table: str) -> Path:
    return out.joinpath(*names_of(table))


def _files(plan: Plan, code: str, month: str) -> list[Path]:
    folder = Path(plan.source) / f"city_code={code}" / f"score_month={month}"
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".parquet")
    except (FileNotFoundError, NotADirectoryError):
        return []


def _content(files: Iterable[Path]) -> str:
    return checksum(
        f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files
    )


def checksum(parts: Iterable[str]) -> str:
    """SHA-256 of texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
