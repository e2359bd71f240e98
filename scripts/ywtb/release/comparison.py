"""Why scores of one month differ from those of another, exactly."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from ywtb.assessment.sql import literal
from ywtb.release.improve import MODELS
from ywtb.release.queries import Row, path_of, rows
from ywtb.release.replay import CHANGES, EARLIER, MONTHLY, RELEASE, NoScoringError, replay


@dataclass(frozen=True)
class Comparison:
    """Two months against each other.

    Attributes:
        units: every unit that was scored in both, in printed order, with both totals and ranks and
            `effects`, which sum to its `score_change`.
        not_compared: units that lack one of the months.
    """

    units: list[Row]
    not_compared: list[Row]


def compare(
    connection: duckdb.DuckDBPyConnection, months: tuple[str, str], unit_id: str | None = None
) -> Comparison:
    """What changed from one month to a later one, over all months between.

    A final month is compared with final ones alone, as `marts.fct_monthly_changes` says. What the
    earlier month's rules would give is told by `marts.fct_scores_by_previous_rules` where that is
    the month compared with; over several months the later one is computed again with them.

    Args:
        connection: to a release.
        months: the earlier and the later one, such as 2023-06.
        unit_id: of the only unit that is asked for.
    """
    values = {"earlier": f"{months[0]}-01", "later": f"{months[1]}-01", "unit_id": unit_id}
    units = rows(connection, f"{STEPS} {UNITS}", values)
    effects: dict[str, list[Row]] = {}
    for effect in rows(connection, f"{STEPS} {EFFECTS}", values):
        effects.setdefault(effect.pop("unit_id"), []).append(effect)
    compared = [unit | {"effects": effects.get(unit["unit_id"], [])} for unit in units]
    distant = [unit for unit in compared if unit.pop("step_count") not in (None, 1)]
    if not all(unit["is_comparable"] for unit in distant):
        earlier_rules = by_earlier_rules(connection, months)
        for unit in distant:
            if unit["group_code"] == unit["previous_group_code"]:
                unit |= earlier_rules.get(unit["unit_id"], {})
    return Comparison(
        [unit for unit in compared if unit["score_change"] is not None],
        [
            {name: unit[name] for name in ("city_name", "unit_id", "unit_name", "group_name")}
            for unit in units
            if unit["score_change"] is None
        ],
    )


def by_earlier_rules(
    connection: duckdb.DuckDBPyConnection, months: tuple[str, str]
) -> dict[str, Row]:
    """What rules, weights and maxima of an earlier month give for a later one, by unit.

    An indicator that is no longer reported loses nothing; a unit that lacks one has no score.

    Args:
        connection: to a release.
        months: the earlier and the later one, such as 2023-06.

    Returns:
        score_by_previous_rules and rank_by_previous_rules by unit_id.

    Raises:
        NoScoringError: the release was built before releases kept what this takes.
    """
    day = f"date {literal(f'{months[0]}-01')}"
    with replay(path_of(connection), months[1], MODELS) as replayed:
        replayed.run(
            {
                table: [
                    f"delete from {table}",  # noqa: S608
                    f"insert into {table} select * replace ({replayed.day} as score_month) "  # noqa: S608
                    f"from {RELEASE}.{table} where score_month = {day}",
                ]
                for table in RULES
            }
        )
        found = rows(
            replayed.connection,
            "select unit_id, exact_score as score_by_previous_rules, "
            "case when exact_score is not null then score_rank end as rank_by_previous_rules "
            "from marts.fct_composite_scores",
        )
    return {row.pop("unit_id"): row for row in found}


@cache  # asked once more for every city of the month; releases do not change
def correction_effects(before: Path, after: Path, month: str) -> list[Row]:
    """Why totals of a month are not those that an earlier release has of it, exactly.

    Both are compared by the release's own models, the earlier one as if it were the month before.

    Args:
        before: the earlier release.
        after: the release that corrects it.
        month: such as 2023-06.

    Returns:
        city_code, unit_name, cause_name, dimension_name, indicator_name and value_type (None where
        it is no indicator), previous_value, obs_value, and effect in points, which sum to each
        unit's change. None of a month that the earlier release lacks, or has by other code.
    """
    with (
        suppress(NoScoringError, LookupError, duckdb.CatalogException, duckdb.BinderException),
        replay(after, month, CHANGES, before) as replayed,
    ):
        day, connection = replayed.day, replayed.connection
        monthly = [table for (table,) in connection.execute(MONTHLY).fetchall()]
        replayed.run({table: [BEFORE.format(table=table, day=day)] for table in monthly})
        return rows(connection, CORRECTED)
    return []


BEFORE = f"""
    insert into {{table}} by name
    select * replace (cast(score_month - interval 1 month as date) as score_month)
    from {EARLIER}.{{table}}
    where score_month = {{day}}
"""  # noqa: S608

CORRECTED = """
    select
        city_code, unit_name, cause_name, dimension_name, effects.indicator_name, value_type,
        previous_value, obs_value, effect
    from marts.fct_score_change_effects as effects
    inner join reference.change_causes using (cause, cause_name)
    inner join reference.dimensions using (dimension_code, dimension_name)
    left join reference.indicators using (indicator_code)
    order by city_code, unit_id, cause_order, dimension_order, indicator_code
"""

RULES = (
    "intermediate.int_dimension_weights_monthly",
    "intermediate.int_group_indicators_monthly",
    "intermediate.int_rules_monthly",
)
"""What a month is scored by."""

STEPS = """
    with recursive asked as (
        select
            cast($earlier as date) as earlier,
            cast($later as date) as later,
            cast($unit_id as varchar) as asked_id
    ),

    steps as (
        select unit_id, score_month, previous_month
        from marts.fct_monthly_changes
        inner join asked on score_month = later
        where unit_id = coalesce(asked_id, unit_id)
        union all
        select unit_id, changes.score_month, changes.previous_month
        from steps
        inner join asked on steps.previous_month > earlier
        inner join marts.fct_monthly_changes as changes using (unit_id)
        where changes.score_month = steps.previous_month
    ),

    compared as (
        select unit_id, count(*) as step_count
        from steps
        inner join asked on true
        group by unit_id, earlier
        having min(previous_month) = earlier
    )
"""
"""Each unit's way back from the later month, from comparison to comparison."""

UNITS = """
    select
        now.unit_id, now.unit_name, now.city_code, now.city_name, now.group_code, now.group_name,
        before.group_code as previous_group_code, before.group_name as previous_group_name,
        before.composite_score as previous_composite_score, now.composite_score,
        before.exact_score as previous_exact_score, now.exact_score,
        now.exact_score - before.exact_score as score_change,
        before.score_rank as previous_rank, now.score_rank,
        step_count,
        rules.is_comparable,
        case when step_count = 1 then rules.rank_by_previous_rules end as rank_by_previous_rules,
        case when step_count = 1 then rules.score_by_previous_rules end as score_by_previous_rules
    from asked
    inner join marts.fct_composite_scores as now
        on now.score_month = later and now.unit_id = coalesce(asked_id, now.unit_id)
    inner join reference.groups using (group_code)
    left join compared using (unit_id)
    left join marts.fct_composite_scores as before
        on before.unit_id = compared.unit_id and before.score_month = earlier
    left join (
        select
            unit_id, bool_and(is_comparable) as is_comparable,
            any_value(rank_by_previous_rules) as rank_by_previous_rules,
            any_value(score_by_previous_rules) as score_by_previous_rules
        from steps
        inner join marts.fct_scores_by_previous_rules using (unit_id, score_month)
        group by unit_id
    ) as rules on rules.unit_id = compared.unit_id
    order by now.city_code, group_order, now.sequence_no
"""

EFFECTS = """
    select
        unit_id, dimension_code, dimension_name, cause, cause_name, indicator_code, indicator_name,
        arg_min(previous_value, score_month) as previous_value,
        arg_max(obs_value, score_month) as obs_value,
        cast(sum(effect) as decimal(18, 10)) as effect
    from steps
    inner join compared using (unit_id)
    inner join marts.fct_score_change_effects using (unit_id, score_month)
    inner join reference.dimensions using (dimension_code, dimension_name)
    inner join reference.change_causes using (cause, cause_name)
    group by
        unit_id, dimension_code, dimension_name, dimension_order, cause, cause_name, cause_order,
        indicator_code, indicator_name
    having sum(effect) != 0
    order by unit_id, cause_order, dimension_order, indicator_code
"""
