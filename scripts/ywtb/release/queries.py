"""Questions to the published release, which is opened read-only."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.arithmetic import arithmetic
from ywtb.assessment.unit_names import meant_units
from ywtb.checksums import Damage, DamageError
from ywtb.project import Project
from ywtb.release.releases import published_database

Row = dict[str, Any]

SHOWN_CITIES = 10
"""Cities that are named where none is like the one that was asked for."""


class NotOneUnitError(Exception):
    """No unit of that name or id, or several; the message says so in Chinese, with names."""


class UnknownCityError(Exception):
    """No city of that name or code; the message lists the nearest, or which there are."""


@contextmanager
def connect_read_only(
    database: Path, memory: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A built database, read-only and without access to files or the network.

    DuckDB lets SQL read and write below its folder for temporary files, so there is none.

    Args:
        database: the file.
        memory: the most that a query may take, such as `1GB`; by default most of the machine's.

    Raises:
        DamageError: another program has it open for writing.
    """
    config: dict[str, Any] = {
        "enable_external_access": False,
        "lock_configuration": True,
        "temp_directory": "",
        **({"memory_limit": memory} if memory else {}),
    }
    try:
        connection = duckdb.connect(str(database), read_only=True, config=config)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        found = Damage(database.name, "正被别的程序打开并可改写", "请关闭那个程序再试")
        raise DamageError(found) from error
    with connection:
        yield connection


@contextmanager
def open_release(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published release, as `connect_read_only` opens it.

    Raises:
        NotPublishedError: nothing has been published yet.
        DamageError: what was published is not there any more as it was.
    """
    with connect_read_only(published_database(project)) as connection:
        yield connection


def path_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """The file of a database that was opened."""
    ((path,),) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return Path(path)


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[Row]:
    """The rows of a query as dictionaries; decimals stay `Decimal`.

    Raises:
        duckdb.Error: the query is not valid, or tries to write.
    """
    cursor = connection.execute(sql, values)
    if cursor is None or cursor.description is None:  # no statement, or one without an answer
        return []
    names = unlike(column[0] for column in cursor.description)
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def unlike(names: Iterable[str]) -> list[str]:
    """Names of columns, each unlike those before it: one that is there has its place added."""
    found: dict[str, None] = {}
    for place, given in enumerate(names, start=1):
        name = given
        while name in found:
            name = f"{name}_{place}"
        found[name] = None
    return list(found)


def months(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Published months, oldest first, such as `2023-06`."""
    found = connection.execute(
        "select distinct strftime(score_month, '%Y-%m') from marts.fct_composite_scores order by 1"
    )
    return [month for (month,) in found.fetchall()]


def city_months(connection: duckdb.DuckDBPyConnection, city: str) -> tuple[str, list[str]]:
    """The code of a city and the months in which it has units, oldest first.

    Args:
        connection: the release.
        city: the city's name or code.

    Raises:
        UnknownCityError: no city of that name or code has units.
    """
    found = rows(
        connection,
        """
        select city_code, city_name || '（' || city_code || '）' as label,
            [city_name, city_code] as names,
            list(strftime(score_month, '%Y-%m') order by score_month) as months
        from intermediate.int_cities_monthly
        inner join reference.cities using (city_code)
        group by city_code, city_name
        order by city_code
        """,
    )
    for each in found:
        if city in each["names"]:
            return each["city_code"], each["months"]
    labels = {name: each["label"] for each in found for name in each["names"]}
    nearest = dict.fromkeys(labels[name] for name in difflib.get_close_matches(city, labels))
    if nearest:
        raise UnknownCityError(f"最接近的是：{'、'.join(nearest)}")
    shown = "、".join(each["label"] for each in found[:SHOWN_CITIES])
    raise UnknownCityError(
        f"有：{shown}" + (f" 等 {len(found)} 个" if found[SHOWN_CITIES:] else "")
    )


def summaries(connection: duckdb.DuckDBPyConnection, month: str) -> list[Row]:
    """What a month comes to, per city: both ends of groups, reproduction, corrections."""
    cities = rows(
        connection,
        """
        select distinct city_code, city_name from marts.dim_units
        where score_month = cast(? as date) order by city_code
        """,
        [f"{month}-01"],
    )
    return [_summary(connection, month, city) for city in cities]


def ranking(connection: duckdb.DuckDBPyConnection, month: str, city_code: str) -> list[Row]:
    """Units of a city's month with place and total, group by group, and how these changed."""
    return rows(
        connection,
        """
        select group_name, score_rank, unit_name, composite_score,
            strftime(previous_month, '%Y-%m') as previous_month, score_change, places_gained
        from marts.fct_composite_scores
        inner join marts.fct_monthly_changes using (score_month, unit_id, city_code, unit_name,
            group_code, group_name, score_rank)
        inner join reference.groups using (group_code, group_name)
        where score_month = cast(? as date) and city_code = ?
        order by group_order, sequence_no
        """,
        [f"{month}-01", city_code],
    )


def warnings(connection: duckdb.DuckDBPyConnection, month: str) -> dict[str, str]:
    """What expectations found of a month that does not stand in the way, line by line.

    A line's number follows from its text: another value is another warning.
    """
    found = connection.execute(
        """
        select unnest(string_split(message, chr(10)))
        from audit.expectation_results
        where not is_success and score_month = cast(? as date)
        """,
        [f"{month}-01"],
    ).fetchall()
    return {hashlib.sha256(line.encode()).hexdigest()[:8]: line for (line,) in found}


def unnamed_bulletins(connection: duckdb.DuckDBPyConnection, month: str) -> list[Row]:
    """What a month's bulletins must say to be published and do not: city_name, metric_name."""
    return rows(
        connection,
        """
        select cities.city_name, metrics.metric_name
        from reference.cities as cities
        semi join (from marts.dim_units where score_month = $month) as units using (city_code)
        cross join (from reference.city_metrics where is_needed_to_publish) as metrics
        anti join (from marts.fct_city_metrics where score_month = $month) as there
            on cities.city_code = there.city_code and metrics.metric_code = there.metric_code
        order by cities.city_code, metrics.metric_name
        """,
        {"month": f"{month}-01"},
    )


def _summary(connection: duckdb.DuckDBPyConnection, month: str, city: Row) -> Row:
    values = [f"{month}-01", city["city_code"]]
    groups = rows(
        connection,
        """
        select group_name, count(*) as unit_count,
            arg_min(unit_name, sequence_no) as top_unit,
            max(composite_score) as top_score,
            arg_max(unit_name, sequence_no) as bottom_unit,
            min(composite_score) as bottom_score
        from marts.fct_composite_scores
        inner join reference.groups using (group_code, group_name)
        where score_month = cast(? as date) and city_code = ?
        group by group_name, group_order
        order by group_order
        """,
        values,
    )
    (counts,) = rows(
        connection,
        """
        with city as (select cast(? as date) as score_month, cast(? as varchar) as city_code)
        select
            (select count(*) from audit.cell_reconciliation
                semi join city using (score_month, city_code)) as printed_cells,
            (select count(*) filter (where is_reproduced) from audit.cell_reconciliation
                semi join city using (score_month, city_code)) as reproduced_cells,
            (select count(*) from audit.score_reconciliation
                semi join city using (score_month, city_code)) as printed_scores,
            (select count(*) filter (where reconciliation_status != 'unexplained')
                from audit.score_reconciliation semi join city using (score_month, city_code))
                as reproduced_scores,
            (select count(*) from audit.errata_in_force
                semi join city using (score_month, city_code)
                where erratum_kind in ('cell', 'header')) as corrections,
            (select count(*) from marts.fct_observations
                semi join city using (score_month, city_code)
                where obs_status = 'I') as imputed_cells,
            (select count(distinct rule_id) from audit.assumed_rules
                semi join city using (score_month, city_code)) as assumed_rules,
            (select coalesce(sum(points_at_stake), 0) from audit.assumed_rules
                semi join city using (score_month, city_code)) as assumed_points_at_stake,
            (select coalesce(sum(points_lost), 0) from audit.assumed_rules
                semi join city using (score_month, city_code)) as assumed_points_lost
        """,
        values,
    )
    adjustments = rows(
        connection,
        """
        select unit_name, dimension_name, adjustment_points, reason
        from audit.adjustments_in_force
        inner join reference.dimensions using (dimension_code, dimension_name)
        where score_month = cast(? as date) and city_code = ?
        order by unit_id, dimension_order
        """,
        values,
    )
    return {
        "month": month, **_state(connection, month), **city, "groups": groups, **counts,
        "adjustments": adjustments,
    }  # fmt: skip


def _state(connection: duckdb.DuckDBPyConnection, month: str) -> Row:
    """How far a month has come: stage, stage_name, objections_until, published_on."""
    (state,) = rows(
        connection,
        "select stage, stage_name, objections_until, published_on from marts.dim_months "
        "inner join reference.stages using (stage) where score_month = cast(? as date)",
        [f"{month}-01"],
    )
    return state


def find_unit(
    connection: duckdb.DuckDBPyConnection, unit: str, month: str, city: str | None
) -> Row:
    """A unit by the name that people type, with its total and place in a month.

    Args:
        connection: the release.
        unit: the unit's name or id in that month, an alias of it, or a short form of either that
            no other unit may have.
        month: such as `2023-06`.
        city: name or code of its city; not needed where only one city has a unit of the name.

    Raises:
        NotOneUnitError: no such unit in that month, one in each of several cities, or several that
            the short form may mean.
    """
    found = rows(
        connection,
        """
        select unit_id, unit_name, city_code, city_name, group_name, exact_score, composite_score,
            sequence_no, score_rank,
            count(*) over (partition by city_code, group_code) as group_size
        from marts.fct_composite_scores
        where score_month = cast($month as date)
        qualify ($unit in (unit_name, unit_id) or unit_id in (
            select unit_id from reference.unit_aliases where alias_name = $unit
        )) and ($city is null or $city in (city_code, city_name))
        order by unit_id
        """,
        {"month": f"{month}-01", "unit": unit, "city": city},
    )
    if not found:
        known = connection.execute(
            """
            select coalesce(alias_name, unit_name), unit_id, unit_name, city_name
            from marts.fct_composite_scores
            left join (
                select unit_id, unnest([null, alias_name]) as alias_name
                from reference.unit_aliases
            ) using (unit_id)
            where score_month = cast($month as date)
                and ($city is null or $city in (city_code, city_name))
            order by unit_id
            """,
            {"month": f"{month}-01", "city": city},
        ).fetchall()
        names = {unit_id: name for _, unit_id, name, _ in known}
        cities = dict.fromkeys(city_name for *_, city_name in known)
        meant = meant_units(unit, [(name, unit_id) for name, unit_id, *_ in known], cities)
        if len(meant) > 1:
            listed = "、".join(names[unit_id] for unit_id in meant)
            raise NotOneUnitError(f"“{unit}”可能指：{listed}；请写明其中一个")
        if meant:
            return find_unit(connection, meant[0], month, city)
        nearest = difflib.get_close_matches(unit, list(dict.fromkeys(names.values())), cutoff=0.3)
        hint = f"，最接近的是：{'、'.join(nearest)}" if nearest else ""
        raise NotOneUnitError(f"没有单位“{unit}”{hint}")
    if len(found) > 1:
        listed = "、".join(each["city_name"] for each in found)
        raise NotOneUnitError(f"几个城市都有“{unit}”：{listed}；加 --city 指明城市")
    return found[0]


def explanation(
    connection: duckdb.DuckDBPyConnection, unit: str, month: str, city: str | None
) -> Row:
    """Where a unit's points went in a month, down to rule and source cell.

    Args and errors are those of `find_unit`.
    """
    found = find_unit(connection, unit, month, city)
    values = [f"{month}-01", found["unit_id"]]
    dimensions = rows(
        connection,
        """
        select dimension_name, weight, adjustment_points, score
        from marts.fct_dimension_scores
        inner join reference.dimensions using (dimension_code, dimension_name)
        where score_month = cast(? as date) and unit_id = ?
        order by dimension_order
        """,
        values,
    )
    losses = rows(
        connection,
        "select * exclude (score_month, city_code, unit_id, unit_name) "
        "from explain(cast($2 as varchar), cast($1 as date))",
        values,
    )
    _write_out(connection, losses, values)
    shown_only = rows(
        connection,
        """
        select dimension_name, indicator_name, printed_value, source_file, source_row
        from marts.fct_observations
        anti join marts.fct_indicator_scores using (score_month, unit_id, indicator_code)
        inner join reference.dimensions using (dimension_code, dimension_name)
        where score_month = cast(? as date) and unit_id = ? and printed_value is not null
        order by dimension_order, indicator_code
        """,
        values,
    )
    objections = rows(
        connection,
        "select * from audit.unit_objections where score_month = cast(? as date) and unit_id = ? "
        "order by objection_id",
        values,
    )
    (office,) = rows(
        connection,
        "select office_name from reference.cities where city_code = ?",
        [found["city_code"]],
    )
    changes = rows(
        connection,
        "select * from audit.draft_changes where score_month = cast(? as date) and unit_id = ?",
        values,
    )
    return {
        "month": month, **_state(connection, month), **office, **found, "dimensions": dimensions,
        "losses": losses, "shown_only": shown_only, "neighbours": _neighbours(connection, values),
        "objections": objections, "draft_changes": changes,
    }  # fmt: skip


def _write_out(
    connection: duckdb.DuckDBPyConnection, losses: list[Row], values: Sequence[Any]
) -> None:
    """Add to each loss by a rule how it is computed, see `arithmetic`."""
    scored = {
        each["indicator_code"]: each
        for each in rows(
            connection,
            """
            select indicator_code, obs_status, obs_value, max_points, points,
                list(rules order by segment_no) as segments
            from marts.fct_indicator_scores
            inner join intermediate.int_rules_monthly as rules using (score_month, rule_id)
            where score_month = cast(? as date) and unit_id = ?
            group by all
            """,
            values,
        )
    }
    for loss in losses:
        found = scored.get(loss["indicator_code"])
        loss["max_points"] = found and found["max_points"]
        loss["arithmetic"] = found and arithmetic(
            found["segments"], found["obs_value"], found["max_points"], found["points"]
        )


def _neighbours(connection: duckdb.DuckDBPyConnection, values: Sequence[Any]) -> list[Row]:
    """The units printed before and after one, with what parts them: together it is the distance."""
    return rows(
        connection,
        """
        with asked as (
            from marts.fct_composite_scores
            where score_month = cast(? as date) and unit_id = ?
        ),

        neighbours as (
            select scores.*, scores.exact_score - asked.exact_score as distance,
                asked.unit_id as asked_id
            from marts.fct_composite_scores as scores
            inner join asked using (score_month, city_code, group_code)
            where abs(scores.sequence_no - asked.sequence_no) = 1
        ),

        differences as (
            select neighbours.unit_id, dimension_name,
                coalesce(indicator_name, cause_name) as subject,
                sum(case when ledger.unit_id = asked_id then points_lost else -points_lost end)
                    as points
            from neighbours
            inner join audit.points_lost_ledger as ledger
                on ledger.score_month = neighbours.score_month
                and ledger.unit_id in (neighbours.unit_id, asked_id)
            left join reference.change_causes on cause = entry_type
            group by all
            having points != 0
        )

        select unit_id, unit_name, sequence_no, score_rank, composite_score, exact_score, distance,
            coalesce(
                list({dimension_name: dimension_name, subject: subject, points: points}
                    order by abs(points) desc, dimension_name, subject)
                filter (points is not null),
                []
            ) as differences
        from neighbours
        left join differences using (unit_id)
        group by all
        order by sequence_no
        """,
        values,
    )


def cases_behind(
    connection: duckdb.DuckDBPyConnection, unit_id: str, month: str
) -> list[Row] | None:
    """What case records say of a unit's month, by indicator that is counted from them.

    Returns:
        indicator_name, definition and basis_name of the count, counted_value (None where it is not
        applicable) and `cases`, those that it counts as faults, in the order of their file. No rows
        where no records of the unit's city arrived; None where the release was built without any.
    """
    if not rows(connection, "from duckdb_tables() where schema_name = 'cases'"):
        return None
    return rows(
        connection,
        """
        with counted as (
            from (
                select
                    cast(overdue_case_count as decimal(18, 10)) as overdue_case_count,
                    cast(negative_review_count as decimal(18, 10)) as negative_review_count,
                    rectification_rate
                from cases.case_indicators
                where score_month = $month and unit_id = $unit
            )
            unpivot include nulls (counted_value for indicator_code in (*))
        ),

        behind as (
            select indicator_code, list({
                case_no: case_no, accepted_on: accepted_on, due_on: due_on,
                finished_on: finished_on, rating: rating, rectified_on: rectified_on,
                source_file: source_file, row_no: row_no
            } order by row_no) as cases
            from cases.cases_behind_points
            where score_month = $month and unit_id = $unit
            group by indicator_code
        )

        select indicator_name, definition, basis_name, counted_value, coalesce(cases, []) as cases
        from counted
        inner join reference.case_definitions using (indicator_code)
        inner join reference.rule_bases using (basis)
        inner join reference.indicators using (indicator_code)
        left join behind using (indicator_code)
        """,
        {"month": f"{month}-01", "unit": unit_id},
    )
