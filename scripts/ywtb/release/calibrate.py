"""What a month's printed scores say of the coefficients that no note states.

A coefficient is tried at other values by the release's own models (`Replay`): its range is where
every figure that they reproduce stays reproduced at printed precision. Where a curve reaches full
marks at its upper bend, its base moves with its slope, so that it still does. Printed scores follow
a coefficient in one direction, so that the edges are found by halving on the grid of its decimals.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import duckdb

from ywtb.assessment.sql import literal
from ywtb.release.queries import Row, rows
from ywtb.release.replay import RELEASE, Replay
from ywtb.release.scenario import exact_sizes

RULES, POINTS, PRINTED = (
    "intermediate.int_rules_monthly",
    "marts.fct_indicator_scores",
    "audit.annex_cells",
)

CONFIRMED, REFUTED, IN_DOUBT, SILENT = "confirmed", "refuted", "in_doubt", "silent"
"""Verdicts of a month on the present value of a coefficient: every figure that it moves is printed
as it gives it, and not every other value would do; figures are printed that need another value, or
that none gives and nothing else moves; figures that no single coefficient gives are moved by others
too; nothing is said of it."""

TOTAL = "total"

Figure = tuple[str, str]
"""A printed score: unit and dimension, or `total`."""


@dataclass(frozen=True)
class Coefficient:
    """A slope of a rule's curve, with the base that moves with it.

    Attributes:
        rule_id: of the rule.
        segment_no: of the segment of its curve.
        has_segments: whether there are several.
        basis: inferred or assumed.
        rule_text: as units read it.
        name: column of the slope.
        value: present slope.
        base_name: column of the base that moves with it; None where none does.
        base: present base.
        width: of the segment, by which the base moves against the slope.
        step: least change that leaves both with the decimals that their columns have.
        furthest: steps that the columns have room for, either way.
    """

    rule_id: str
    segment_no: int
    has_segments: bool
    basis: str
    rule_text: str
    name: str
    value: Decimal
    base_name: str | None
    base: Decimal
    width: Decimal
    step: Decimal
    furthest: int

    def at(self, steps: int) -> Decimal:
        """The slope so many steps from the present one."""
        return self.value + steps * self.step

    def moved(self, steps: int) -> dict[str, Decimal]:
        """Slope and base so many steps from the present ones, by column."""
        new = {self.name: self.at(steps)}
        if self.base_name:
            new[self.base_name] = self.base - steps * self.step * self.width
        return new

    def statement(self, steps: int) -> str:
        """SQL that moves slope and base so many steps."""
        listed = ", ".join(f"{name} = {value:f}" for name, value in self.moved(steps).items())
        where = f"rule_id = {literal(self.rule_id)} and segment_no = {self.segment_no}"
        return f"update {RULES} set {listed} where {where}"  # noqa: S608


@dataclass
class Calibration:
    """What a month says.

    Attributes:
        month: such as 2023-06.
        coefficients: each with its range (`lowest`, `highest`; None where there is no bound, both
            None and bounded where no value reproduces the figures), `figures_decided` and
            `verdict`.
        unexplained: printed scores that no value of any one coefficient gives, with what the rules
            give.
        ranges: both ends of each coefficient that the month confirms and bounds, and of the base
            that moves with it: rule_id, segment_no, column_name, lowest_value, highest_value.
    """

    month: str
    coefficients: list[Row] = field(default_factory=list)
    unexplained: list[Row] = field(default_factory=list)
    ranges: list[Row] = field(default_factory=list)


def months_with_scores(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Months of a release whose scores have been printed, such as 2023-06, oldest first."""
    sql = "select distinct score_month from audit.score_reconciliation order by score_month"
    return [f"{day:%Y-%m}" for (day,) in connection.execute(sql).fetchall()]


def calibrate(replayed: Replay) -> Calibration:
    """The range of every inferred or assumed coefficient that decides an observation of a month.

    Printed scores that the rules alone do not give are put down to the coefficient that gives the
    most of them by another value; the others are judged without these.

    Args:
        replayed: the month in memory, not yet computed.
    """
    replayed.connection.execute("set threads = 1")  # hundreds of short runs, not one that is long
    replayed.run()
    scores = rows(replayed.connection, _sql(SCORES, replayed))
    wrong = [row for row in scores if row["computed_score"] != row["published_score"]]
    units = {row["unit_id"] for row in wrong if row["dimension_code"] != TOTAL}
    # A total that is wrong with one of its parts says no more than that part.
    printed = {
        _figure(row): row["published_score"]
        for row in scores
        if row["dimension_code"] != TOTAL or row["unit_id"] not in units
    }
    open_figures = {_figure(row) for row in wrong} & printed.keys()
    present = _computed(scores)
    trials = [_Trial(replayed, each, printed, present) for each in _coefficients(replayed)]
    for trial in sorted(trials, key=lambda each: -len(each.moved & open_figures)):
        others = set[Figure]().union(*(each.moved for each in trials if each is not trial))
        open_figures -= trial.judge(open_figures, others)
    return Calibration(
        replayed.month,
        [trial.row for trial in trials],
        [row for row in wrong if _figure(row) in open_figures],
        [row for trial in trials for row in trial.ranges],
    )


class _Trial:
    """A coefficient at other values."""

    def __init__(
        self,
        replayed: Replay,
        coefficient: Coefficient,
        printed: dict[Figure, Decimal],
        present: dict[Figure, Decimal],
    ) -> None:
        self._replayed, self._coefficient, self._printed = replayed, coefficient, printed
        self._tried = {0: (present, True)}
        self._ends = {sign: self._reach(sign) for sign in (-1, 1)}
        self.moved = {
            figure
            for steps in self._ends.values()
            for figure, score in (self._scores(steps) if steps else {}).items()
            if score != self._scores(0)[figure]
        }
        """Printed scores that it decides."""
        self.row: Row = {}
        self.ranges: list[Row] = []

    def judge(self, open_figures: set[Figure], others: set[Figure]) -> set[Figure]:
        """Make the row of what the month says of the coefficient.

        Args:
            open_figures: printed scores that nothing gives so far.
            others: printed scores that other coefficients decide.

        Returns:
            Those that it gives by another value.
        """
        given = {each for each in self.moved if not self._is_given(0, each)} - open_figures
        wrong, judged = self.moved & open_figures, self.moved - given
        start = self._search(judged) if wrong else 0
        verdict = REFUTED if wrong else CONFIRMED
        if start is None and wrong & others:
            verdict, start, judged = IN_DOUBT, 0, judged - wrong
        edges = [None if start is None else self._edge(start, sign, judged) for sign in (-1, 1)]
        bounded = [start is None or edge is not None for edge in edges]
        if verdict == CONFIRMED and not any(bounded):
            verdict = SILENT
        at = self._coefficient
        self.row = {
            "month": self._replayed.month,
            "rule_id": at.rule_id,
            "basis": at.basis,
            "rule_text": at.rule_text,
            "coefficient": at.name,
            "tied_coefficient": at.base_name,
            "segment_no": at.segment_no,
            "has_segments": at.has_segments,
            "value": at.value,
            "lowest": None if edges[0] is None else at.at(edges[0]),
            "highest": None if edges[1] is None else at.at(edges[1]),
            "is_bounded_below": bounded[0],
            "is_bounded_above": bounded[1],
            "figures_decided": len(self.moved),
            "verdict": verdict,
        }
        lowest, highest = edges
        if verdict == CONFIRMED and lowest is not None and highest is not None:
            ends = at.moved(lowest), at.moved(highest)
            self.ranges = [
                {
                    "rule_id": at.rule_id,
                    "segment_no": at.segment_no,
                    "column_name": name,
                    "lowest_value": ends[0][name],
                    "highest_value": ends[1][name],
                }
                for name in ends[0]
            ]
        return wrong if verdict == REFUTED and start is not None else set()

    def _reach(self, sign: int) -> int:
        """The furthest steps that can be computed with; 0 where they change no points."""
        steps = sign * self._coefficient.furthest
        while True:
            try:
                with self._moved(steps, POINTS):
                    sql = _sql(CHANGED_POINTS, self._replayed)
                    return steps if self._replayed.connection.execute(sql).fetchone() else 0
            except (duckdb.ConversionException, duckdb.OutOfRangeException):
                steps = int(steps / 2)

    def _moved(self, steps: int, wanted: str) -> AbstractContextManager[None]:
        return self._replayed.altered({RULES: [self._coefficient.statement(steps)]}, wanted)

    def _try(self, steps: int) -> tuple[dict[Figure, Decimal], bool]:
        """Scores as they are printed, and whether no other printed cell that was right is lost."""
        if steps not in self._tried:
            connection = self._replayed.connection
            with self._moved(steps, PRINTED):
                scores = rows(connection, _sql(SCORES, self._replayed))
                lost = connection.execute(_sql(LOST_CELLS, self._replayed)).fetchone()
            self._tried[steps] = _computed(scores), lost is None
        return self._tried[steps]

    def _scores(self, steps: int) -> dict[Figure, Decimal]:
        scores = self._try(steps)[0]
        return {figure: scores[figure] for figure in self._printed}

    def _is_given(self, steps: int, figure: Figure) -> bool:
        return self._scores(steps)[figure] == self._printed[figure]

    def _fits(self, steps: int, figures: set[Figure], with_cells: bool) -> bool:
        scores, is_whole = self._try(steps)
        return (is_whole or not with_cells) and all(
            scores[each] == self._printed[each] for each in figures
        )

    def _search(self, figures: set[Figure]) -> int | None:
        """Steps at which all figures are given, if there are any."""
        low, high = self._ends[-1], self._ends[1]
        rises = sum(self._scores(high)[each] - self._scores(low)[each] for each in figures) > 0
        while low <= high:
            middle = (low + high) // 2
            scores = self._scores(middle)
            is_low = any(scores[each] < self._printed[each] for each in figures)
            is_high = any(scores[each] > self._printed[each] for each in figures)
            if is_low == is_high:
                return None if is_low else middle
            if is_low == rises:
                low = middle + 1
            else:
                high = middle - 1
        return None

    def _edge(self, start: int, sign: int, figures: set[Figure]) -> int | None:
        """The last steps in a direction at which all figures are given; None without an end."""
        end, with_cells = self._ends[sign], start == 0
        if start == end or self._fits(end, figures, with_cells):
            return None
        good, stride = start, 1
        while (next_ := good + sign * stride) * sign < end * sign and self._fits(
            next_, figures, with_cells
        ):
            good, stride = next_, 2 * stride
        bad = next_ if next_ * sign < end * sign else end
        while abs(bad - good) > 1:
            middle = (good + bad) // 2
            if self._fits(middle, figures, with_cells):
                good = middle
            else:
                bad = middle
        return good


def _coefficients(replayed: Replay) -> list[Coefficient]:
    sizes = exact_sizes(replayed.connection, RULES)
    found = []
    for row in rows(replayed.connection, _sql(COEFFICIENTS, replayed)):
        share_or_points = row["name"].removeprefix("slope_")
        base_name = f"base_{share_or_points}"
        precision, scale = sizes[row["name"]]
        width = row["width"] if row["is_full_at_end"] else Decimal(0)
        # A base moves by the width times the step, and keeps its decimals only where that is whole.
        step = Decimal(1).scaleb(-scale) * Fraction(width).denominator
        room = 10 ** (precision - scale) - step
        base = row[base_name]
        furthest = (room - abs(row["value"])) / step
        if width:
            furthest = min(furthest, (room - abs(base)) / (step * width))
        found.append(
            Coefficient(
                row["rule_id"],
                row["segment_no"],
                row["has_segments"],
                row["basis"],
                row["rule_text"],
                row["name"],
                row["value"],
                base_name if width else None,
                base,
                width,
                step,
                int(furthest),
            )
        )
    return found


def _figure(row: Row) -> Figure:
    return row["unit_id"], row["dimension_code"]


def _computed(scores: list[Row]) -> dict[Figure, Decimal]:
    return {_figure(row): row["computed_score"] for row in scores}


def _sql(template: str, replayed: Replay) -> str:
    return template.format(release=RELEASE, day=replayed.day)


COEFFICIENTS = """
    with

    segments as (
        select
            *,
            upper_value - lower_value as width,
            sum(base_share + slope_share * (upper_value - lower_value)) over up_to_here
                as end_share,
            sum(base_points + slope_points * (upper_value - lower_value)) over up_to_here
                as end_points,
            count(*) over (partition by rule_id) > 1 as has_segments
        from intermediate.int_rules_monthly
        window up_to_here as (partition by rule_id order by segment_no)
    )

    select
        segments.*,
        coalesce(width is not null and end_share = 1 and end_points = 0, false) as is_full_at_end,
        slopes.name,
        case slopes.name when 'slope_share' then slope_share else slope_points end as value
    from segments
    cross join (values ('slope_share'), ('slope_points')) as slopes (name)
    where
        basis != 'stated'
        and rule_id in (select rule_id from marts.fct_indicator_scores)
        -- A rule without a slope says that there is none, which is 0 per case.
        and (value != 0 or (name = 'slope_points' and slope_share = 0))
    order by rule_id, segment_no, name
"""
"""Slopes of rules that no note states; a curve that ends in full marks is told."""

SCORES = """
    select
        unit_id, unit_name, dimension_code, dimension_name, printed.published_score,
        cells.cell_value - printed.adjustment_points as computed_score, printed.adjustment_points
    from {release}.audit.score_reconciliation as printed
    left join {release}.reference.dimensions using (dimension_code)
    inner join (
        select
            score_month, unit_id, replace(column_name, 'composite', 'total') as column_name,
            min_by(cell_value, annex_no) as cell_value
        from audit.annex_cells
        group by score_month, unit_id, column_name
    ) as cells using (score_month, unit_id)
    where
        score_month = {day} and cells.column_name = printed.dimension_code || '_score'
        and cells.cell_value is not null
    order by unit_id, dimension_order, dimension_code
"""
"""Printed scores, and what rules alone give for them at the same decimals."""

LOST_CELLS = """
    select 1
    from {release}.audit.cell_reconciliation as printed
    inner join audit.annex_cells as cells
        using (score_month, city_code, annex_no, row_no, column_no)
    where
        score_month = {day} and printed.is_reproduced
        and cells.cell_text is distinct from printed.corrected_value
    limit 1
"""
"""Printed cells, places among them, that are as printed in the release and no more."""

CHANGED_POINTS = """
    select 1
    from marts.fct_indicator_scores as new
    inner join {release}.marts.fct_indicator_scores as old
        using (score_month, unit_id, indicator_code)
    where old.points is distinct from new.points
    limit 1
"""
