"""Units of a group told by name, as far as `bulletin_options` asks for it.

Those that gained most since the month before, those with the highest and the lowest totals. A unit
whose month cannot be compared with the one before is left out of the former, which say so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from ywtb.assessment.figures import points
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

ABSENT, MOVED, CHANGED = "没有可比的得分", "组别有变动", "规则、权重或指标有变动"
"""Why a unit's month cannot be compared."""


@dataclass(frozen=True)
class Tally:
    """Units with the same value of an indicator, such as one case each, or of something else."""

    value: str
    units: tuple[str, ...]

    def names(self, most: int) -> str:
        """Names of these units, or how many they are where they are more than `most`."""
        return "、".join(self.units) if len(self.units) <= most else f"{len(self.units)}个单位"


@dataclass(frozen=True)
class GroupBoard:
    """A group's units by what they are told for, the best first, and those left out by why."""

    name: str
    told: tuple[Tally, ...]
    left_out: tuple[Tally, ...]


@dataclass(frozen=True)
class Board:
    """What is told of every group, such as 进步榜."""

    name: str
    groups: tuple[GroupBoard, ...]


@dataclass(frozen=True)
class _Kind:
    """What a unit is told for: the more the better, and in words."""

    is_compared: bool
    merit: Callable[[Row], Decimal | int | None]
    text: Callable[[Row], str]


def _standing(row: Row) -> str:
    return f"第{row['score_rank']}位，{row['composite_score']}分"


KINDS: Mapping[str, _Kind] = {
    "first_places": _Kind(False, lambda row: row["exact_score"], _standing),
    # Nobody in first place is told for a low one, however small the group is.
    "last_places": _Kind(
        False, lambda row: None if row["score_rank"] == 1 else -row["exact_score"], _standing
    ),
    "rank_progress": _Kind(
        True,
        lambda row: row["places_gained"] if row["places_gained"] > 0 else None,
        lambda row: f"上升{row['places_gained']}位",
    ),
    "score_progress": _Kind(
        True,
        lambda row: row["score_change"] if row["score_change"] > 0 else None,
        lambda row: f"提高{points(row['score_change'])}分",
    ),
}
"""Kinds of boards by `option_code`, in the order in which they are told."""


def boards(month: ReleaseMonth) -> list[Board]:
    """The boards of a month; none where none is in force."""
    options = {
        row["option_code"]: row for row in month.tables["intermediate.int_bulletin_options_monthly"]
    }
    return [
        Board(options[code]["option_name"], tuple(_groups(month, kind, options[code]["places"])))
        for code, kind in KINDS.items()
        if code in options
    ]


def last_scored(rows: Iterable[Row]) -> date | None:
    """The month that rows of `marts.fct_monthly_changes` compare with; None in a first month."""
    return max((row["previous_month"] for row in rows if row["previous_month"]), default=None)


def _groups(month: ReleaseMonth, kind: _Kind, most: int) -> Iterator[GroupBoard]:
    table = "marts.fct_monthly_changes" if kind.is_compared else "marts.fct_composite_scores"
    order = list(month.units)
    units = grouped(
        sorted(month.tables[table], key=lambda row: order.index(row["unit_id"])), "group_code"
    )
    why = _incomparable(month) if kind.is_compared else {}
    for code, group in month.groups.items():
        if code in units:
            left_out = grouped(
                (
                    {**row, "why": why[row["unit_id"]]}
                    for row in units[code]
                    if row["unit_id"] in why
                ),
                "why",
            )
            ranked = [row for row in units[code] if row["unit_id"] not in why]
            yield GroupBoard(
                group["group_name"],
                tuple(_best(ranked, kind, most)),
                tuple(Tally(each, _names(rows)) for each, rows in left_out.items()),
            )


def _incomparable(month: ReleaseMonth) -> dict[str, str]:
    """Why units cannot be compared with the month before, by id; of others nothing."""
    changes = month.tables["marts.fct_monthly_changes"]
    previous = last_scored(changes)
    comparable = {
        row["unit_id"]
        for row in month.tables["marts.fct_scores_by_previous_rules"]
        if row["is_comparable"]
    }
    found = {}
    for row in changes:
        unit = row["unit_id"]
        if row["previous_month"] is None or row["previous_month"] != previous:
            found[unit] = ABSENT
        elif row["previous_group_code"] != row["group_code"]:
            found[unit] = MOVED
        elif unit not in comparable:
            found[unit] = CHANGED
    return found


def _best(rows: Iterable[Row], kind: _Kind, most: int) -> Iterator[Tally]:
    """The best units, those of equal merit together, until as many as asked for are told."""
    merits = [(merit, row) for row in rows if (merit := kind.merit(row)) is not None]
    told = 0
    merits.sort(key=lambda each: each[0], reverse=True)
    for _, equals in groupby(merits, key=lambda each: each[0]):
        if told >= most:
            return
        members = [row for _, row in equals]
        told += len(members)
        yield Tally(kind.text(members[0]), _names(members))


def _names(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(row["unit_name"] for row in rows)
