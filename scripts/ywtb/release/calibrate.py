"""What a month's printed scores say of the coefficients that no note states.

A coefficient is tried at other values by the release's own models (`Replay`): its range is where
every figure that they reproduce stays reproduced at printed precision. Where a curve reaches full
marks at its upper bend, its base moves with its slope, so that it still does. Printed scores follow
a coefficient in one direction, so that the edges are found by halving on the grid of its decimals;
what all coefficients are to be tried at next is computed at once, as variants of the month.
"""

from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import duckdb

from ywtb.assessment.figures import plain_figure
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

VERDICTS = {
    CONFIRMED: "与现值相符",
    REFUTED: "与现值不符",
    IN_DOUBT: "存疑：另有所印得分非它单独所能得出",
}
"""Verdicts in Chinese, but for what is not told of one alone."""

TOTAL = "total"

MOST_AT_ONCE = 32
"""Variants computed at once: more would take more memory and gain little time."""

COEFFICIENT_COLUMNS = ("base_share", "base_points", "slope_share", "slope_points")

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


def range_text(lowest: Decimal | None, highest: Decimal | None, is_bounded_below: bool) -> str:
    """A range in Chinese."""
    low, high = (None if each is None else plain_figure(each) for each in (lowest, highest))
    if low and high:
        return f"只能取 {low}" if low == high else f"可取 {low} 至 {high}"
    if low or high:
        return f"不小于 {low}" if low else f"不大于 {high}"
    return "没有可取的值" if is_bounded_below else "取多少都可以"


def months_with_scores(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Months of a release whose scores have been printed, such as 2023-06, oldest first."""
    sql = "select distinct score_month from audit.score_reconciliation order by score_month"
    return [f"{day:%Y-%m}" for (day,) in connection.execute(sql).fetchall()]


def moves(moved: Iterable[tuple[int, str, int, Mapping[str, Decimal]]]) -> str:
    """SQL that changes coefficients in variants of a month.

    Args:
        moved: number of the variant, rule, segment, and its new values by column.
    """
    new: dict[tuple[int, str, int], dict[str, Decimal]] = {}
    for variant, rule_id, segment, values in moved:
        new.setdefault((variant, rule_id, segment), {}).update(values)
    listed = ", ".join(
        f"({variant}, {literal(rule_id)}, {segment}, "
        + ", ".join(
            f"{values[name]:f}" if name in values else "null" for name in COEFFICIENT_COLUMNS
        )
        + ")"
        for (variant, rule_id, segment), values in new.items()
    )
    names = ", ".join(COEFFICIENT_COLUMNS)
    changes = ", ".join(
        f"{name} = coalesce(moved.{name}, rules.{name})" for name in COEFFICIENT_COLUMNS
    )
    return MOVES.format(changes=changes, listed=listed, names=names)


def calibrate(replayed: Replay) -> Calibration:
    """The range of every inferred or assumed coefficient that decides an observation of a month.

    Printed scores that the rules alone do not give are put down to the coefficient that gives the
    most of them by another value; the others are judged without these.

    Args:
        replayed: the month in memory, computed.

    Returns:
        Nothing of any coefficient where no scores are printed.
    """
    scores = rows(replayed.connection, _sql(SCORES, replayed))
    if not scores:
        return Calibration(replayed.month)
    wrong = [row for row in scores if row["computed_score"] != row["published_score"]]
    units = {row["unit_id"] for row in wrong if row["dimension_code"] != TOTAL}
    # A total that is wrong with one of its parts says no more than that part.
    printed = {
        _figure(row): row["published_score"]
        for row in scores
        if row["dimension_code"] != TOTAL or row["unit_id"] not in units
    }
    open_figures = {_figure(row) for row in wrong} & printed.keys()
    replayed.connection.execute(f"create or replace table present as {_sql(SCORES, replayed)}")
    present = {_figure(row): row["computed_score"] for row in scores}
    trials = [_Trial(each, printed, present) for each in _coefficients(replayed)]
    _answer(replayed, [(each, each.reach(sign)) for each in trials for sign in (-1, 1)], POINTS)
    _answer(replayed, [(each, each.move()) for each in trials])
    for trial in sorted(trials, key=lambda each: -len(each.moved & open_figures)):
        others = set[Figure]().union(*(each.moved for each in trials if each is not trial))
        _answer(replayed, [(trial, trial.judge(open_figures, others))])
        open_figures -= trial.explained
    _answer(replayed, [(each, each.find_edge(sign)) for each in trials for sign in (-1, 1)])
    return Calibration(
        replayed.month,
        [trial.row(replayed.month) for trial in trials],
        [row for row in wrong if _figure(row) in open_figures],
        [row for trial in trials for row in trial.ranges()],
    )


@dataclass(frozen=True)
class _Outcome:
    """What a coefficient gives so many steps away from the present one.

    Attributes:
        is_computed: whether figures are not too large for that.
        moves_points: whether any points of an indicator change.
        changed: printed scores that change, as they are printed.
        is_whole: whether no other printed cell that was right is lost.
    """

    is_computed: bool = True
    moves_points: bool = False
    changed: Mapping[Figure, Decimal] = field(default_factory=dict)
    is_whole: bool = True


Question = Generator[int, _Outcome, None]
"""Yields steps that a coefficient is to be tried at, is sent what they give, and goes on."""


def _answer(
    replayed: Replay, questions: list[tuple["_Trial", Question]], wanted: str = PRINTED
) -> None:
    """Go through questions side by side: what all of them ask next is computed at once."""
    tries = {
        question: (trial.coefficient, steps)
        for trial, question in questions
        if (steps := next(question, None)) is not None
    }
    while tries:
        found = _outcomes(replayed, list(tries.values()), wanted)
        asked, tries = tries, {}
        for (question, (coefficient, _)), outcome in zip(asked.items(), found, strict=True):
            with suppress(StopIteration):
                tries[question] = coefficient, question.send(outcome)


def _outcomes(
    replayed: Replay, tries: list[tuple[Coefficient, int]], wanted: str
) -> list[_Outcome]:
    """What tries give; those that are too large to be computed are parted from the others."""
    if len(tries) <= MOST_AT_ONCE:
        try:
            return _computed(replayed, tries, wanted)
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            if len(tries) == 1:
                return [_Outcome(is_computed=False)]
    middle = len(tries) // 2
    return [
        outcome
        for part in (tries[:middle], tries[middle:])
        for outcome in _outcomes(replayed, part, wanted)
    ]


def _computed(
    replayed: Replay, tries: list[tuple[Coefficient, int]], wanted: str
) -> list[_Outcome]:
    """What tries give, each a variant of the month."""
    moved = moves(
        (number, each.rule_id, each.segment_no, each.moved(steps))
        for number, (each, steps) in enumerate(tries, start=1)
    )
    connection, numbers = replayed.connection, range(1, len(tries) + 1)

    def variants(template: str) -> set[int]:
        return {number for (number,) in connection.execute(_sql(template, replayed)).fetchall()}

    with replayed.variants({RULES: moved}, len(tries), wanted):
        if wanted == POINTS:
            reached = variants(CHANGED_POINTS)
            return [_Outcome(moves_points=number in reached) for number in numbers]
        changed: dict[int, dict[Figure, Decimal]] = {number: {} for number in numbers}
        for row in rows(connection, _sql(CHANGED_SCORES, replayed)):
            changed[row["variant_no"]][_figure(row)] = row["computed_score"]
        lost = variants(LOST_CELLS)
        return [
            _Outcome(changed=changed[number], is_whole=number not in lost) for number in numbers
        ]


class _Trial:
    """A coefficient at other values."""

    def __init__(
        self,
        coefficient: Coefficient,
        printed: dict[Figure, Decimal],
        present: dict[Figure, Decimal],
    ) -> None:
        self.coefficient = coefficient
        self._printed, self._present = printed, present
        self._tried = {0: _Outcome()}
        self._ends = {-1: 0, 1: 0}
        self._start: int | None = 0
        self._edges: dict[int, int | None] = {-1: None, 1: None}
        self._judged: set[Figure] = set()
        self._verdict = CONFIRMED
        self.moved: set[Figure] = set()
        """Printed scores that it decides."""
        self.explained: set[Figure] = set()
        """Printed scores that nothing else gives and it gives by another value."""

    def reach(self, sign: int) -> Question:
        """Find the furthest steps that can be computed with; 0 where they change no points."""
        steps = sign * self.coefficient.furthest
        while not (outcome := (yield steps)).is_computed:
            steps = int(steps / 2)
        self._ends[sign] = steps if outcome.moves_points else 0

    def move(self) -> Question:
        """Find the printed scores that it decides."""
        for end in self._ends.values():
            yield from self._try(end)
            self.moved |= self._tried[end].changed.keys() & self._printed.keys()

    def judge(self, open_figures: set[Figure], others: set[Figure]) -> Question:
        """Find a value that gives the printed scores that it decides.

        Args:
            open_figures: printed scores that nothing gives so far.
            others: printed scores that other coefficients decide.
        """
        given = {each for each in self.moved if not self._is_given(0, each)} - open_figures
        wrong, self._judged = self.moved & open_figures, self.moved - given
        if not wrong:
            return
        self._verdict = REFUTED
        self._start = yield from self._search()
        if self._start is not None:
            self.explained = wrong
        elif wrong & others:
            self._verdict, self._start = IN_DOUBT, 0
            self._judged -= wrong

    def find_edge(self, sign: int) -> Question:
        """Find the last steps in a direction at which they are given; None without an end."""
        start, end = self._start, self._ends[sign]
        if start is None or start == end or (yield from self._fits(end)):
            return
        good, stride = start, 1
        while (next_ := good + sign * stride) * sign < end * sign and (
            yield from self._fits(next_)
        ):
            good, stride = next_, 2 * stride
        bad = next_ if next_ * sign < end * sign else end
        while abs(bad - good) > 1:
            middle = (good + bad) // 2
            if (yield from self._fits(middle)):
                good = middle
            else:
                bad = middle
        self._edges[sign] = good

    def row(self, month: str) -> Row:
        """What a month says of it."""
        at, lowest, highest = self.coefficient, *self._edges.values()
        bounded = [self._start is None or edge is not None for edge in (lowest, highest)]
        is_silent = self._verdict == CONFIRMED and not any(bounded)
        return {
            "month": month,
            "rule_id": at.rule_id,
            "basis": at.basis,
            "rule_text": at.rule_text,
            "coefficient": at.name,
            "tied_coefficient": at.base_name,
            "segment_no": at.segment_no,
            "has_segments": at.has_segments,
            "value": at.value,
            "lowest": None if lowest is None else at.at(lowest),
            "highest": None if highest is None else at.at(highest),
            "is_bounded_below": bounded[0],
            "is_bounded_above": bounded[1],
            "figures_decided": len(self.moved),
            "verdict": SILENT if is_silent else self._verdict,
        }

    def ranges(self) -> list[Row]:
        """Both ends, where the month confirms and bounds it, by column."""
        lowest, highest = self._edges.values()
        if self._verdict != CONFIRMED or lowest is None or highest is None:
            return []
        at, ends = (
            self.coefficient,
            (self.coefficient.moved(lowest), self.coefficient.moved(highest)),
        )
        return [
            {
                "rule_id": at.rule_id,
                "segment_no": at.segment_no,
                "column_name": name,
                "lowest_value": ends[0][name],
                "highest_value": ends[1][name],
            }
            for name in ends[0]
        ]

    def _try(self, steps: int) -> Question:
        """Know what steps give."""
        if steps not in self._tried:
            self._tried[steps] = yield steps

    def _score(self, steps: int, figure: Figure) -> Decimal:
        return self._tried[steps].changed.get(figure, self._present[figure])

    def _is_given(self, steps: int, figure: Figure) -> bool:
        return self._score(steps, figure) == self._printed[figure]

    def _fits(self, steps: int) -> Generator[int, _Outcome, bool]:
        """Whether steps give what is judged and, unless another value is needed, lose no cell."""
        yield from self._try(steps)
        is_whole = self._tried[steps].is_whole or self._start != 0
        return is_whole and all(self._is_given(steps, each) for each in self._judged)

    def _search(self) -> Generator[int, _Outcome, int | None]:
        """Steps at which all that is judged is given, if there are any."""
        figures = self._judged
        low, high = self._ends[-1], self._ends[1]
        rises = sum(self._score(high, each) - self._score(low, each) for each in figures) > 0
        while low <= high:
            middle = (low + high) // 2
            yield from self._try(middle)
            is_low = any(self._score(middle, each) < self._printed[each] for each in figures)
            is_high = any(self._score(middle, each) > self._printed[each] for each in figures)
            if is_low == is_high:
                return None if is_low else middle
            if is_low == rises:
                low = middle + 1
            else:
                high = middle - 1
        return None


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
        cells.score_month, printed.city_code, unit_id, unit_name, dimension_code, dimension_name,
        printed.published_score, cells.cell_value - printed.adjustment_points as computed_score,
        printed.adjustment_points
    from {release}.audit.score_reconciliation as printed
    left join {release}.reference.dimensions using (dimension_code)
    inner join (
        select
            score_month, unit_id, replace(column_name, 'composite', 'total') as column_name,
            min_by(cell_value, annex_no) as cell_value
        from audit.annex_cells
        group by score_month, unit_id, column_name
    ) as cells using (unit_id)
    where
        printed.score_month = {day} and cells.column_name = printed.dimension_code || '_score'
        and cells.cell_value is not null
    order by unit_id, dimension_order, dimension_code
"""
"""Printed scores, and what rules alone give for them at the same decimals."""

CHANGED_SCORES = f"""
    select variant_no, unit_id, dimension_code, new.computed_score
    from ({SCORES}) as new
    inner join variants using (score_month)
    inner join present using (unit_id, dimension_code)
    where new.computed_score != present.computed_score
"""  # noqa: S608

LOST_CELLS = """
    select distinct variant_no
    from {release}.audit.cell_reconciliation as printed
    inner join audit.annex_cells as cells using (city_code, annex_no, row_no, column_no)
    inner join variants on cells.score_month = variants.score_month
    where
        printed.score_month = {day} and printed.is_reproduced
        and cells.cell_text is distinct from printed.corrected_value
"""
"""Variants that lose printed cells, places among them, which are as printed in the release."""

MOVES = """
    update intermediate.int_rules_monthly as rules set {changes}
    from (values {listed}) as moved (variant_no, rule_id, segment_no, {names})
    inner join variants using (variant_no)
    where
        rules.score_month = variants.score_month
        and (rules.rule_id, rules.segment_no) = (moved.rule_id, moved.segment_no)
"""

CHANGED_POINTS = """
    select distinct variant_no
    from marts.fct_indicator_scores as new
    inner join variants using (score_month)
    inner join {release}.marts.fct_indicator_scores as old
        on old.score_month = {day}
        and (old.unit_id, old.indicator_code) = (new.unit_id, new.indicator_code)
    where old.points is distinct from new.points
"""
"""Variants in which points of an indicator change."""
