"""What a unit would gain by which indicator: found by trying values in the project's own models."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import floor
from pathlib import Path

import duckdb

from ywtb.assessment.sql import literal
from ywtb.release.queries import Row, find_unit, rows
from ywtb.release.replay import RELEASE, NoScoringError, Replay, replay

MODELS = ("fct_indicator_scores", "fct_dimension_scores", "fct_composite_scores")
"""Models that lead from the values of units to their places."""

MOST = 9_999_999
"""Greatest whole number that is read (macros/parse_number.sql), tried where any value is valid."""

WAYS = 8
"""Parts into which a search divides values at once."""

Values = dict[str, Decimal]
"""Values of a unit by indicator code."""

Goal = Callable[[Row], bool]
"""Whether scores are what is wanted; what is once reached stays so, as curves do not turn."""


def improvements(database: Path, unit: str, month: str, city: str | None = None) -> Row:
    """What a unit would gain in a month if an indicator were better and nothing else changed.

    Args:
        database: the release.
        unit: name, alias, short form or id.
        month: one of its months, such as 2023-06.
        city: name or code of its city; not needed where only one city has a unit of the name.

    Returns:
        The unit with total and place; `above`, who has the next higher place; `grade` and
        `next_grade`, None where there is none; `indicators` that lose points, what gains most
        first, each with scores at the value nearest to its own that loses least (`best`), gains a
        place (`next_place`) and reaches the next grade (`next_grade`), None where it does not
        alone; `all_best`, scores with all at their best. Points are exact decimals, rates
        percentages.

    Raises:
        NoScoringError: the release was built before releases kept what this takes.
        NotOneUnitError: see `find_unit`.
    """
    with replay(database, month, MODELS) as replayed:
        asked = find_unit(replayed.connection, unit, month, city)
        tries = _Tries(replayed, unit_id=asked["unit_id"])
        try:
            grades = tries.published(GRADES)
        except duckdb.CatalogException as error:
            raise NoScoringError from error
        reached = [each for each in grades if each["min_score"] <= asked["composite_score"]]
        grade, next_grade = [*reached[-1:], None][0], [*grades[len(reached) :], None][0]
        goals: dict[str, Goal] = {
            "next_place": lambda scores: scores["score_rank"] < asked["score_rank"],
            "next_grade": lambda scores: bool(
                next_grade and scores["composite_score"] >= next_grade["min_score"]
            ),
        }
        above = tries.published(NEXT)
        indicators = [_Indicator(row.pop("unit_id"), row) for row in tries.published(INDICATORS)]
        while wanted := [
            (each, steps) for each in indicators for steps in each.wanted(goals.values())
        ]:
            scores = tries.scores([(each.unit_id, each.values(steps)) for each, steps in wanted])
            for (each, steps), found in zip(wanted, scores, strict=True):
                each.found[steps] = found
        all_best: Values = {}
        for each in indicators:
            each.row["best"] = each.scores(each.is_best)
            each.row |= {name: each.scores(goal) for name, goal in goals.items()}
            if each.row["best"]:
                all_best[each.row["indicator_code"]] = each.row["best"]["obs_value"]
        at_best = tries.scores([(asked["unit_id"], all_best)])[0] if all_best else None
    return {
        "month": month,
        **asked,
        "above": above,
        "grade": grade,
        "next_grade": next_grade,
        "indicators": sorted(
            (each.row for each in indicators),
            key=lambda row: row["best"]["score_change"] if row["best"] else 0,
            reverse=True,
        ),
        "all_best": at_best,
    }


def gains(database: Path, month: str, city_code: str) -> list[Row]:
    """What each indicator that loses points would gain its unit at its best, in one run.

    Args:
        database: the release.
        month: one of its months, such as 2023-06.
        city_code: the city whose units are asked for.

    Returns:
        unit_id, indicator_code, score_change in points, places_gained, of each indicator that
        gains anything, what gains most first.

    Raises:
        NoScoringError: the release was built before releases kept what this takes.
    """
    with replay(database, month, MODELS) as replayed:
        tries = _Tries(replayed, city_code=city_code)
        found = [_Indicator(row.pop("unit_id"), row) for row in tries.published(INDICATORS)]
        asked = [(each.unit_id, each.values(each.last)) for each in found]
        scores = tries.scores(asked) if asked else []
    gained = [
        {
            "unit_id": each.unit_id,
            "indicator_code": each.row["indicator_code"],
            "score_change": score["score_change"],
            "places_gained": score["places_gained"],
        }
        for each, score in zip(found, scores, strict=True)
        if score["score_change"] > 0
    ]
    return sorted(gained, key=lambda row: -row["score_change"])


@dataclass
class _Indicator:
    """An indicator that loses points, and what its values give.

    Attributes:
        unit_id: whose it is.
        row: of `INDICATORS`.
        found: scores by steps away from the value as it is.
    """

    unit_id: str
    row: Row
    found: dict[int, Row] = field(default_factory=dict)

    @property
    def step(self) -> Decimal:
        """The smallest difference that is printed, negative where less is better."""
        return Decimal(-1 if self.row["less_is_better"] else 1).scaleb(-self.row["decimals"])

    @property
    def last(self) -> int:
        """Steps to the last value that is tried, which is the last valid one."""
        end: Decimal = self.row["least_tried" if self.step < 0 else "greatest_tried"]
        return floor(end / self.step) - self.start

    @property
    def start(self) -> int:
        """Steps from 0 to the value as it is, or to the last before it."""
        value: Decimal = self.row["obs_value"]
        return floor(value / self.step)

    def value(self, steps: int) -> Decimal:
        """The value so many steps better; 0 has no sign."""
        return (self.start + steps) * self.step + 0

    def values(self, steps: int) -> Values:
        """What is to be tried of its unit."""
        return {self.row["indicator_code"]: self.value(steps)}

    def is_best(self, scores: Row) -> bool:
        """Whether no valid value loses less."""
        return bool(self.found[self.last]["points_regained"] == scores["points_regained"] > 0)

    def least(self, goal: Goal) -> int | None:
        """The fewest steps known to reach a goal."""
        return min((steps for steps, scores in self.found.items() if goal(scores)), default=None)

    def scores(self, goal: Goal) -> Row | None:
        """What the fewest steps to a goal give."""
        steps = self.least(goal)
        if steps is None:
            return None
        return {"obs_value": self.value(steps), **self.found[steps]}

    def wanted(self, goals: Iterable[Goal]) -> set[int]:
        """Steps to be tried next, so that in the end the fewest to each goal are known."""
        if not self.found:
            powers = (WAYS**power for power in range(self.last.bit_length()))
            return {steps for steps in (*powers, self.last) if 0 < steps <= self.last}
        wanted = set()
        for reached in filter(None, map(self.least, (self.is_best, *goals))):
            missed = max((steps for steps in self.found if steps < reached), default=0)
            wanted |= {missed + (reached - missed) * part // WAYS for part in range(1, WAYS)}
        return wanted - self.found.keys() - {0}


class _Tries:
    """Units with other values, as many as wanted at once: each try is a city of its own.

    In it the unit stands among the units of its group, whose scores stay as they are.
    """

    def __init__(
        self, replayed: Replay, unit_id: str | None = None, city_code: str | None = None
    ) -> None:
        """What is published is asked of a unit, or of those of a city."""
        self._replayed = replayed
        self._names = {
            "release": RELEASE,
            "day": replayed.day,
            "unit": "unit_id" if unit_id is None else literal(unit_id),
            "city": "city_code" if city_code is None else literal(city_code),
            "most": MOST,
        }

    def published(self, template: str) -> list[Row]:
        """What is published of the unit or its month."""
        return rows(self._replayed.connection, template.format(**self._names))

    def scores(self, tries: Sequence[tuple[str, Values]]) -> list[Row]:
        """Total and place that each try gives, a unit's id with its values."""
        connection = self._replayed.connection
        tried = ", ".join(
            f"({number}, {literal(unit_id)}, {literal(code)}, cast({value:f} as decimal(18, 6)))"
            for number, (unit_id, values) in enumerate(tries)
            for code, value in values.items()
        )
        connection.execute("use ywtb")
        connection.execute(TRIES.format(tried=tried))
        for table, replaced in COPIED.items():
            connection.execute(COPY.format(table=table, replaced=replaced, **self._names))
        connection.execute(OBSERVED.format(replaced=_UNIT, **self._names))
        self._replayed.run({SCORED: [RIVALS.format(table=SCORED, **self._names)]})
        return rows(connection, SCORES.format(**self._names))


TRIES = """
    create or replace table tries as
    select cast(try_no as varchar) as try_code, unit_id, indicator_code, new_value
    from (values {tried}) as tried (try_no, unit_id, indicator_code, new_value)
"""

_CITY = "try_code as city_code"
_UNIT = f"{_CITY}, try_code || '/' || unit_id as unit_id"
COPIED = {
    "audit.adjustments_in_force": _UNIT,
    "intermediate.int_dimension_weights_monthly": _CITY,
    "marts.dim_units": _UNIT,
}
"""Tables that have the group's rows once for each try, and the columns that tell these apart."""

COPY = """
    create or replace table {table} as
    select published.* replace ({replaced})
    from {release}.{table} as published
    inner join (
        select distinct try_code, score_month, city_code, group_code
        from tries
        inner join {release}.marts.dim_units using (unit_id)
    ) as tried using (score_month, city_code, group_code)
    where score_month = {day}
"""

OBSERVED = """
    create or replace table marts.fct_observations as
    select published.* replace ({replaced}, coalesce(new_value, obs_value) as obs_value)
    from {release}.marts.fct_observations as published
    inner join (select distinct try_code, unit_id from tries) as tried using (unit_id)
    left join tries using (try_code, unit_id, indicator_code)
    where score_month = {day}
"""

SCORED = "marts.fct_dimension_scores"

RIVALS = """
    create or replace table {table} as
    select tried.* replace (coalesce(tried.score, published.score) as score)
    from {table} as tried
    left join {release}.{table} as published
        on
            tried.score_month = published.score_month
            and tried.unit_id = tried.city_code || '/' || published.unit_id
            and tried.dimension_code = published.dimension_code
"""
"""Of rivals there are no values, so that models know no score of theirs."""

SCORES = """
    select
        tried.exact_score, tried.composite_score, tried.score_rank,
        tried.exact_score - published.exact_score as score_change,
        published.score_rank - tried.score_rank as places_gained,
        regained.points_regained
    from marts.fct_composite_scores as tried
    inner join (select distinct try_code, unit_id from tries) as tries
        on tried.unit_id = tries.try_code || '/' || tries.unit_id
    inner join {release}.marts.fct_composite_scores as published
        on published.score_month = {day} and published.unit_id = tries.unit_id
    inner join (
        select tries.try_code, sum(published.points_lost - tried.points_lost) as points_regained
        from marts.fct_indicator_scores as tried
        inner join (select distinct try_code, unit_id from tries) as tries
            on tried.unit_id = tries.try_code || '/' || tries.unit_id
        inner join {release}.marts.fct_indicator_scores as published
            on
                published.score_month = {day}
                and published.unit_id = tries.unit_id
                and published.indicator_code = tried.indicator_code
        group by tries.try_code
    ) as regained using (try_code)
    order by cast(tried.city_code as integer)
"""

INDICATORS = """
    with

    -- Fewer is better where a curve ends lower than it starts.
    curves as (
        select
            score_month, rule_id, max_points,
            arg_max(points, vertex_no) < arg_min(points, vertex_no) as less_is_better
        from intermediate.int_rule_curves
        group by score_month, rule_id, max_points
    ),

    -- As annexes print it or, where none does, others of its type.
    precisions as (
        select
            score_month, indicator_code, value_type,
            coalesce(valid_min, 0) as least_tried, coalesce(valid_max, {most}) as greatest_tried,
            coalesce(max(decimals), max(max(decimals)) over (partition by value_type)) as decimals
        from marts.dim_indicators
        left join (
            select score_month, column_name as indicator_code, decimals
            from intermediate.int_annex_columns_monthly
        ) as columns using (score_month, indicator_code)
        where score_month = {day}
        group by score_month, indicator_code, value_type, valid_min, valid_max
    )

    select
        unit_id, dimension_name, indicator_code, indicator_name, value_type, obs_value,
        max_points, points, points_lost, decimals, less_is_better, least_tried, greatest_tried
    from marts.fct_indicator_scores
    inner join curves using (score_month, rule_id, max_points)
    inner join precisions using (score_month, indicator_code)
    inner join reference.dimensions using (dimension_code, dimension_name)
    where
        score_month = {day} and unit_id = {unit} and city_code = {city}
        and points_lost > 0 and obs_value is not null
    order by unit_id, dimension_order, indicator_code
"""

GRADES = """
    select grade_code, grade_name, min_score
    from intermediate.int_grades_monthly
    where score_month = {day}
    order by min_score
"""

NEXT = """
    select rivals.unit_name, rivals.composite_score, rivals.exact_score, rivals.score_rank
    from marts.fct_composite_scores as rivals
    inner join marts.fct_composite_scores as asked using (score_month, city_code, group_code)
    where
        score_month = {day} and asked.unit_id = {unit} and rivals.score_rank < asked.score_rank
    qualify rank() over (order by rivals.score_rank desc) = 1
    order by rivals.sequence_no
"""
