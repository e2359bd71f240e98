"""What lasts for months, found again month by month, and how far units are from targets."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from conftest import Sandbox, read_csv
from two_years import FILES

pytestmark = pytest.mark.soak

Key = tuple[Any, ...]
Rule = Mapping[str, str]


def by_key(sandbox: Sandbox, keys: int, sql: str) -> dict[Key, tuple[Any, ...]]:
    return {row[:keys]: row[keys:] for row in sandbox.rows(sql)}


def before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def in_force(seed: str, *keys: str) -> Callable[[date], dict[Key, Rule]]:
    """Rows of an example in force in a month, by key."""
    rows = sorted(read_csv(FILES / f"{seed}.csv"), key=lambda row: row["valid_from"])

    @cache
    def found(month: date) -> dict[Key, Rule]:
        begun = (row for row in rows if row["valid_from"] and row["valid_from"] <= f"{month}")
        newest = {tuple(row[key] for key in keys): row for row in begun}
        return {
            key: row
            for key, row in newest.items()
            if not row["valid_to"] or row["valid_to"] >= f"{month}"
        }

    return found


class Months:
    """Two years in plain words: what a unit had in a month, and whether that can be compared."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.rules = in_force("streak_rules", "streak_rule_id")
        self.targets = in_force("indicator_targets", "group_code", "indicator_code")
        self.totals = by_key(
            sandbox, 2, "select score_month, unit_id, city_code, group_code, exact_score, "
            "composite_score, score_rank, unit_name from marts.fct_composite_scores",
        )  # fmt: skip
        self.stages = dict(sandbox.rows("select score_month, stage from marts.dim_months"))
        self.curves = defaultdict(list)
        for month, rule, *curve in sandbox.rows(
            "select score_month, rule_id, segment_no, base_share, base_points, lower_value, "
            "upper_value, slope_share, slope_points from intermediate.int_rules_monthly "
            "order by all"
        ):
            self.curves[month, rule].append(curve)
        uses = sandbox.rows(
            "select score_month, group_code, indicator_code, rule_id, max_points "
            "from intermediate.int_group_indicators_monthly where rule_id is not null order by all"
        )
        self.indicator_rules = {
            (month, group, code): (rule, most, self.curves[month, rule])
            for month, group, code, rule, most in uses
        }
        self.weights: dict[Key, Any] = defaultdict(list)
        for *group, dimension, weight in sandbox.rows(
            "select score_month, city_code, group_code, dimension_code, weight "
            "from intermediate.int_dimension_weights_monthly order by all"
        ):
            self.weights[tuple(group)].append((dimension, weight))
        self.faults: dict[Key, list[tuple[str, str]]] = defaultdict(list)
        for month, unit, code, name in sandbox.rows(
            "select score_month, unit_id, indicator_code, indicator_name "
            "from marts.fct_indicator_scores join marts.dim_rules using (score_month, rule_id) "
            "where is_fault and points_lost > 0 order by all"
        ):
            self.faults[month, unit].append((code, name))
        self.values = by_key(
            sandbox, 3, "select score_month, unit_id, indicator_code, obs_status, obs_value "
            "from marts.fct_observations",
        )  # fmt: skip

    def unlike(self, month: date, unit: str, code: str | None = None) -> str | None:
        """Why a month of a unit, or of one of its indicators, cannot be compared.

        A final month, as June alone is here, is never compared with a draft.
        """
        final = {each for each, stage in self.stages.items() if stage == "final"}
        earlier = [
            each
            for each, of in self.totals
            if of == unit and each < month and (month not in final or each in final)
        ]
        if not earlier:
            return "no_earlier_month"
        if before(month) not in earlier:
            return "month_missing"
        city, group = self.totals[month, unit][:2]
        if group != self.totals[before(month), unit][1]:
            return "group_changed"
        now, then = (
            self.indicator_rules.get((each, group, code)) if code
            else (self.group_rules(each, group), self.weights[each, city, group])
            for each in (month, before(month))
        )  # fmt: skip
        return None if now == then else "rules_changed"

    @cache  # noqa: B019 (two years are looked at once)
    def group_rules(self, month: date, group: str) -> dict[str, Any]:
        return {
            code: rule
            for (each, of, code), rule in self.indicator_rules.items()
            if (each, of) == (month, group)
        }

    def change(self, month: date, unit: str) -> Decimal | None:
        """By how much its total is above that of the month before, where that can be said."""
        if self.unlike(month, unit):
            return None
        change: Decimal = self.totals[month, unit][2] - self.totals[before(month), unit][2]
        return change

    def holds(self, rule: Rule, month: date, unit: str, code: str | None) -> bool | None:
        """Whether the condition holds; None where that is not known."""
        city, group, exact, published, place, _ = self.totals[month, unit]
        kind = rule["condition_kind"]
        if kind == "repeated_fault":
            return code in dict(self.faults[month, unit])
        if kind == "any_fault":
            return bool(self.faults[month, unit])
        if kind == "score_below":
            return bool(published < Decimal(rule["threshold"]))
        if kind == "not_improving":
            change = self.change(month, unit)
            return None if change is None else change <= 0
        worse = [
            row
            for (each, _), row in self.totals.items()
            if each == month and row[:2] == (city, group) and row[2] < exact
        ]
        return len(worse) < Decimal(rule["threshold"]) and place != 1

    def streak(self, name: str, month: date, unit: str, code: str | None) -> tuple[int, date, str]:
        """Months in a row, the first of them, and why not more."""
        length, first = 0, month
        while True:
            rule = self.rules(month)[name,]
            unlike = self.unlike(month, unit, code)
            holds = self.holds(rule, month, unit, code)
            if not holds:
                return length, first, "condition_began" if holds is False else unlike or ""
            length, first = length + 1, month
            if unlike:
                return length, first, unlike
            month = before(month)
            if (name,) not in self.rules(month):
                return length, first, "rule_began"

    def is_exempt(self, rule: Rule, month: date, unit: str) -> bool:
        group = self.totals[month, unit][1]
        if rule["exemption"] == "no_fault":
            return not self.faults[month, unit]
        if rule["exemption"] == "improved":
            return (self.change(month, unit) or 0) > 0
        if rule["exemption"] == "all_at_target":
            targets = [row for (of, _), row in self.targets(month).items() if of == group]
            return bool(targets) and all(self.reaches(row, month, unit) for row in targets)
        return False

    def reaches(self, target: Rule, month: date, unit: str) -> bool:
        status, value = self.values[month, unit, target["indicator_code"]]
        if value is None:
            return bool(status == "M")
        distance = value - Decimal(target["target_value"])
        return bool(distance >= 0 if target["target_kind"] == "at_least" else distance <= 0)

    def expected(self) -> Iterator[tuple[Any, ...]]:
        """Rows of the mart."""
        for month, unit in self.totals:
            *_, published, place, unit_name = self.totals[month, unit]
            for (name,), rule in self.rules(month).items():
                is_repeated = rule["condition_kind"] == "repeated_fault"
                names = dict(self.faults[month, unit])
                subjects: Iterable[str | None] = sorted(names) if is_repeated else (None,)
                found = [(*self.streak(name, month, unit, code), code) for code in subjects]
                lasting = sorted(
                    (each for each in found if each[0] >= int(rule["least_month_count"])),
                    key=lambda each: -each[0],
                )
                if not lasting:
                    continue
                length, first, why, _ = lasting[0]
                told = [f"{names[code]}（{count}个月）" for count, _, _, code in lasting if code]
                threshold = rule["threshold"]
                reason = rule["reason"].format(
                    indicators="、".join(told if is_repeated else names.values()),
                    months=length,
                    threshold=threshold.rstrip("0").rstrip(".") if "." in threshold else threshold,
                    score=published,
                    rank=place,
                )
                exempt = self.is_exempt(rule, month, unit)
                yield (month, unit, name, unit_name, rule["measure"],
                       rule["document_code"] or None, length, first, why, reason,
                       rule["exemption"] or None, exempt)  # fmt: skip


def test_streaks_of_two_years_are_those_that_plain_python_finds(two_years: Sandbox) -> None:
    found = two_years.rows(
        "select score_month, unit_id, streak_rule_id, unit_name, measure, document_code, "
        "months_in_a_row, first_month, streak_starts_because, reason, exemption, is_exempt "
        "from marts.fct_streak_measures"
    )
    expected = list(Months(two_years).expected())
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert {row[2] for row in found} == {
        row["streak_rule_id"] for row in read_csv(FILES / "streak_rules.csv") if row["valid_from"]
    }
    assert {row[8] for row in found} == {
        "condition_began", "group_changed", "no_earlier_month", "rule_began", "rules_changed",
    }  # fmt: skip
    assert {row[-2] for row in found if row[-1]} == {"all_at_target", "improved", "no_fault"}


def test_every_indicator_with_a_target_is_compared_with_the_one_in_force(
    two_years: Sandbox,
) -> None:
    months = Months(two_years)
    found = by_key(
        two_years, 3, "select score_month, unit_id, indicator_code, target_value, target_distance, "
        "is_reached from marts.fct_target_distances",
    )  # fmt: skip
    expected = {}
    for month, unit in months.totals:
        for (group, code), target in months.targets(month).items():
            if group == months.totals[month, unit][1]:
                value, goal = months.values[month, unit, code][1], Decimal(target["target_value"])
                reached = months.reaches(target, month, unit)
                distance = None if value is None else Decimal(0) if reached else abs(value - goal)
                expected[month, unit, code] = (goal, distance, reached)
    assert found == expected
    assert {row[2] for row in found.values()} == {True, False}
