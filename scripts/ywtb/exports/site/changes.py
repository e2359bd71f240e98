"""Why scores differ from those of the month before: effects by cause, as the release has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ywtb.assessment.figures import value_change
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.standings import ZERO, Ranking, ScoredUnit
from ywtb.release.queries import Row

EFFECTS = "marts.fct_score_change_effects"


@dataclass(frozen=True)
class Effect:
    """What one cause made of a unit's total.

    Attributes:
        row: of `marts.fct_score_change_effects`.
        subject: indicator, or dimension where it is none.
        values: both values as shown, of an indicator whose value differs.
    """

    row: Row
    subject: str
    values: str


@dataclass(frozen=True)
class UnitChange:
    """A unit that has an earlier month to compare with.

    Attributes:
        unit: the unit.
        effects: the greatest first; they sum to its `score_change`.
        by_cause: their sums by code of the cause, as far as there are any.
        rules: row of `marts.fct_scores_by_previous_rules`.
    """

    unit: ScoredUnit
    effects: tuple[Effect, ...]
    by_cause: Mapping[str, Decimal]
    rules: Row


@dataclass(frozen=True)
class Alike:
    """What several units of a group gained or lost for the same thing."""

    cause: Row
    subject: str
    unit_count: int
    effect: Decimal


@dataclass(frozen=True)
class GroupChanges:
    """A group against the month before.

    Attributes:
        ranking: the group.
        causes: rows of `reference.change_causes` that made a difference in it, in order.
        units: those with an earlier month, by 序号.
        alike: everything but values that made a difference, in order of causes.
        is_comparable: whether ranks of both months are.
    """

    ranking: Ranking
    causes: tuple[Row, ...]
    units: tuple[UnitChange, ...]
    alike: tuple[Alike, ...]
    is_comparable: bool


def changes(month: ReleaseMonth, rankings: Sequence[Ranking]) -> list[GroupChanges]:
    """Every group; without units if nothing in it can be compared."""
    effects = grouped(month.tables[EFFECTS], "unit_id")
    rules = {row["unit_id"]: row for row in month.tables["marts.fct_scores_by_previous_rules"]}
    causes = sorted(month.tables["reference.change_causes"], key=lambda row: row["cause_order"])

    def unit_change(unit: ScoredUnit) -> UnitChange:
        unit_id = unit.total["unit_id"]
        found = [_effect(month, row) for row in effects.get(unit_id, [])]
        found.sort(key=lambda each: -abs(each.row["effect"]))
        by_cause: dict[str, Decimal] = {}
        for each in found:
            cause = each.row["cause"]
            by_cause[cause] = by_cause.get(cause, ZERO) + each.row["effect"]
        return UnitChange(unit, tuple(found), by_cause, rules[unit_id])

    def group(ranking: Ranking) -> GroupChanges:
        units = [unit_change(unit) for unit in ranking.units if unit.total["unit_id"] in rules]
        alike = grouped(
            (
                {**each.row, "subject": each.subject}
                for unit in units
                for each in unit.effects
                if each.row["cause"] != "value"
            ),
            "cause",
            "subject",
        )
        return GroupChanges(
            ranking,
            tuple(row for row in causes if any(row["cause"] in unit.by_cause for unit in units)),
            tuple(units),
            tuple(
                Alike(cause, subject, len(rows), sum((row["effect"] for row in rows), ZERO))
                for cause in causes
                for (code, subject), rows in alike.items()
                if code == cause["cause"]
            ),
            all(unit.rules["is_comparable"] for unit in units),
        )

    return [group(ranking) for ranking in rankings]


def _effect(month: ReleaseMonth, row: Row) -> Effect:
    known = month.indicators.get(row["indicator_code"], {})
    values = value_change(row["previous_value"], row["obs_value"], known.get("value_type"))
    return Effect(row, row["indicator_name"] or row["dimension_name"], values)
