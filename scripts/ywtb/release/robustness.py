"""How sure the places of a month are: what the scores say under other choices of method.

Steps 7 and 8 of the OECD/JRC Handbook on Constructing Composite Indicators (2008). Every step says
what it did and on what; whatever it leaves out is told with the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby

import duckdb

from ywtb.assessment.sql import literal
from ywtb.release.calibrate import RULES, moves
from ywtb.release.method import FEWEST_CORRELATED, Method, percentage
from ywtb.release.queries import Row, rows
from ywtb.release.replay import RELEASE, Replay

SHARE_PLACES, CORRELATION_PLACES = 4, 3
"""Decimals of a share of variance (so of its percentage two) and of a correlation."""

SCORES, TOTALS = "marts.fct_indicator_scores", "marts.fct_composite_scores"
CERTAIN = "certain"
"""Name of the last step, which looks at all those before it."""

FEW_UNITS, NO_VARIANCE = "few_units", "no_variance"
ENDS = ("best_rank", "worst_rank")
SUMS = ("sum_one", "sum_other", "sum_both", "sum_one_square", "sum_other_square")


@dataclass(frozen=True)
class Step:
    """What one step found.

    Attributes:
        name: such as weights.
        title: the same in Chinese.
        line: what it did and on what, in Chinese.
        ranks: best_rank and worst_rank by unit_id; None where the step ranks nobody.
        findings: whatever else it found, by what it is, as rows.
    """

    name: str
    title: str
    line: str
    ranks: dict[str, Row] | None = None
    findings: dict[str, list[Row]] = field(default_factory=dict)


@dataclass(frozen=True)
class Robustness:
    """The answer.

    Attributes:
        month: such as 2023-06.
        method: what was chosen.
        steps: in their order; none where no unit has a total.
        units: those that have a total, in printed order, with score_rank, best_rank and worst_rank
            over all steps, is_certain, and `steps`, the same ranks by name of the step.
    """

    month: str
    method: Method
    steps: list[Step]
    units: list[Row]


def answer(replayed: Replay, method: Method, ranges: Sequence[Row]) -> Robustness:
    """How sure the places of a month are.

    Args:
        replayed: the month in memory, computed.
        method: what can be chosen.
        ranges: feasible ranges of coefficients, as `calibrate` finds them; those of a rule move
            together.
    """
    replayed.connection.execute(GROUPS)
    units = rows(replayed.connection, UNITS)
    unscored = [unit["unit_name"] for unit in units if unit["exact_score"] is None]
    units = [unit for unit in units if unit["exact_score"] is not None]
    asked = _Asked(replayed, method, units, ranges)
    if not units:
        return Robustness(replayed.month, method, [], [])
    steps = [step(asked) for step in STEPS]
    ranking = [step for step in steps if step.ranks]
    for unit in units:
        found = {step.name: step.ranks[unit["unit_id"]] for step in ranking if step.ranks}
        unit["best_rank"] = min(each["best_rank"] for each in found.values())
        unit["worst_rank"] = max(each["worst_rank"] for each in found.values())
        unit["is_certain"] = unit["best_rank"] == unit["worst_rank"]
        unit["steps"] = found
    certain = sum(unit["is_certain"] for unit in units)
    titles = "、".join(step.title for step in ranking)
    line = f"在{titles}各步中名次都不变的单位 {certain} 个，其余 {len(units) - certain} 个"
    line += _except(unscored, "没有综合得分")
    return Robustness(replayed.month, method, [*steps, Step(CERTAIN, "稳定的名次", line)], units)


def effective_weights(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What each dimension has in the differences between totals, by city and group.

    Args:
        connection: a month with the view of `GROUPS`.

    Returns:
        weight, in points, unit_count, and effective_weight: covariance of the dimension's scores
        with the totals as a share of the variance of the totals, so that a group's sum to 1; it is
        negative where a dimension pulls against the totals, None where all totals are equal.
    """
    found = []
    for row in rows(connection, MOMENTS.format(kind="is_total")):
        covariance, _, variance = _moments(row)
        share = _rounded(_decimal(covariance / variance), SHARE_PLACES) if variance else None
        row = _without(row, *SUMS, "other_dimension_code", "other_dimension_name")
        found.append({**row, "effective_weight": share})
    return found


def correlations(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Pearson's correlation between the scores of each two dimensions, by city and group.

    Args:
        connection: a month with the view of `GROUPS`.

    Returns:
        unit_count, correlation, and, where that is None, the reason as left_out.
    """
    found = []
    for row in rows(connection, MOMENTS.format(kind="dimension_order > one.dimension_order")):
        covariance, one, other = _moments(row)
        row = {**_without(row, *SUMS, "weight"), "correlation": None, "left_out": None}
        if row["unit_count"] < FEWEST_CORRELATED:
            row["left_out"] = FEW_UNITS
        elif not one * other:
            row["left_out"] = NO_VARIANCE
        else:
            size = _decimal(covariance**2 / (one * other)).sqrt()
            row["correlation"] = _rounded(size if covariance > 0 else -size, CORRELATION_PLACES)
        found.append(row)
    return found


@dataclass(frozen=True)
class _Asked:
    """What the steps work on: the month, computed, and its units, which all have a total."""

    replayed: Replay
    method: Method
    units: list[Row]
    ranges: Sequence[Row]

    def rows(self, sql: str, **values: object) -> list[Row]:
        return rows(self.replayed.connection, sql.format(**values))

    def ranked(
        self, name: str, title: str, line: str, ranks: list[Row], **found: list[Row]
    ) -> Step:
        """A step that ranks, whose line ends in how many units keep the published place."""
        extremes = _extremes(ranks)
        moved = sum(
            {extremes[unit["unit_id"]][end] for end in ENDS} != {unit["score_rank"]}
            for unit in self.units
        )
        line += f"名次不变的单位 {len(self.units) - moved} 个，会变的 {moved} 个"
        return Step(name, title, line, extremes, found)

    def ranks_of_variants(self) -> dict[int, list[Row]]:
        """Places by number of the variant."""
        found = groupby(self.rows(RANKS_OF_VARIANTS), lambda row: int(row.pop("variant_no")))
        return {number: list(ranks) for number, ranks in found}


def _weights(asked: _Asked) -> Step:
    method = asked.method
    line = (
        f"各项目的权重在 ±{percentage(method.spread)} 内均匀变动，抽取 {method.draws} 次"
        f"（种子 {method.seed}），折算为合计 100，以得分率（得分÷权重）加权求和，"
        "所公布的权重另计一次；"
    )
    return asked.ranked("weights", "权重浮动", line, asked.rows(WEIGHTS, **vars(method)))


def _indicators(asked: _Asked) -> Step:
    indicators, ranks = asked.rows(INDICATORS), asked.rows(RANKS)
    lossy = [each for each in indicators if each["lossy_unit_count"]]
    published = {row["unit_id"]: row for row in ranks}
    if lossy:
        codes = ", ".join(
            f"({number}, {literal(each['indicator_code'])})"
            for number, each in enumerate(lossy, start=1)
        )
        given_back = {SCORES: GIVEN_BACK.format(codes=codes)}
        with asked.replayed.variants(given_back, len(lossy), TOTALS):
            found = asked.ranks_of_variants()
        for number, each in enumerate(lossy, start=1):
            moved = (row != published[row["unit_id"]] for row in found[number])
            each["moved_unit_count"] = sum(moved)
            ranks += found[number]
    line = (
        f"{len(indicators)} 项指标每次去掉一项，退回各单位在该项所失的分，由发布所用的语句重算："
        f"有单位失分的 {len(lossy)} 项各重算一次，其余 {len(indicators) - len(lossy)} 项"
        "无人失分，去掉后得分照旧；"
    )
    return asked.ranked("indicators", "去掉一项指标", line, ranks, indicators=indicators)


def _geometric(asked: _Asked) -> Step:
    ranks = asked.rows(GEOMETRIC)
    zeros = sum(row.pop("has_zero") for row in ranks)
    line = (
        "各项目的得分率按权重求几何平均，代替相加；对数和指数用浮点数计算，取十位小数，只用于比较，"
        f"不产生所公布的得分；有项目得零分、因而平均为零的单位 {zeros} 个；"
    )
    return asked.ranked("geometric", "几何平均", line, ranks)


def _rounding(asked: _Asked) -> Step:
    place = _printed_place(asked.units)
    ties, close = asked.rows(TIES), asked.rows(CLOSE, place=place)
    same = sum(each["is_printed_equal"] for each in close)
    tied = sum(len(each["unit_names"]) for each in ties)
    line = (
        f"综合得分印到 {place}，精确得分相差不足此数的单位视为可以互换："
        f"相邻而如此的 {len(close)} 对，其中所印得分相同的 {same} 对；"
        f"精确得分相同而并列的 {len(ties)} 组、{tied} 个单位，仍为并列；"
    )
    ranks = asked.rows(ROUNDING, place=place)
    return asked.ranked("rounding", "印出的位数", line, ranks, ties=ties, close=close)


def _effective_weights(asked: _Asked) -> Step:
    found = effective_weights(asked.replayed.connection)
    left_out = {row["group_label"] for row in found if row["effective_weight"] is None}
    line = (
        "各项目得分与综合得分的协方差占组内综合得分方差的比例（实际权重），与规定的权重对照；"
        f"求得 {len({row['group_label'] for row in found} - left_out)} 组"
        + _except(left_out, "各单位综合得分相同")
    )
    return Step("effective_weights", "实际权重", line, findings={"weights": found})


def _indistinct(asked: _Asked) -> Step:
    found = asked.rows(INDISTINCT)
    parts = [
        f"{row['group_label']} {row['indicator_count']} 项中"
        f"全组满分 {len(row['at_full_marks'])} 项、同分而未满 {len(row['equal_below'])} 项"
        for row in found
    ]
    line = f"各单位得分全都相同的指标，{'；'.join(parts)}"
    return Step("indistinct", "分不出高下的指标", line, findings={"groups": found})


def _correlations(asked: _Asked) -> Step:
    found = correlations(asked.replayed.connection)
    small = {row["group_label"]: row["unit_count"] for row in found if row["left_out"] == FEW_UNITS}
    constant = sum(row["left_out"] == NO_VARIANCE for row in found)
    computed = sum(row["correlation"] is not None for row in found)
    line = (
        f"单位不少于 {FEWEST_CORRELATED} 个的组，各项目得分两两求皮尔逊相关系数，"
        f"求得 {computed} 对；一方全组同分、无从求的 {constant} 对"
        + _except(
            (f"{label} {count} 个单位" for label, count in small.items()),
            f"不足 {FEWEST_CORRELATED} 个，偶然也会高度相关",
        )
    )
    return Step("correlations", "项目之间的相关", line, findings={"pairs": found})


def _coefficients(asked: _Asked) -> Step:
    rules = asked.rows(UNCERTAIN_RULES, release=RELEASE)
    counts = "、".join(
        f"{basis}的 {len(found)} 条（本月有单位失分的 {sum(each['is_lost'] for each in found)} 条）"
        for basis, members in groupby(rules, lambda each: each["basis_name"])
        if (found := list(members))
    )
    ranks, ends = asked.rows(RANKS), list[Row]()
    ranged: dict[str, list[Row]] = {}
    for each in asked.ranges:
        ranged.setdefault(each["rule_id"], []).append(each)
    variants = [(rule_id, end) for rule_id in ranged for end in ("lowest", "highest")]
    if variants:
        moved = moves(
            (
                number,
                each["rule_id"],
                each["segment_no"],
                {each["column_name"]: each[f"{end}_value"]},
            )
            for number, (rule_id, end) in enumerate(variants, start=1)
            for each in ranged[rule_id]
        )
        with asked.replayed.variants({RULES: moved}, len(variants)):
            failures = asked.replayed.contradictions()
            ranks_of_ends = asked.ranks_of_variants()
            months = asked.rows("from variants order by variant_no")
        # A test that tells no months apart looks at nothing that rules decide.
        for (rule_id, end), month in zip(variants, months, strict=True):
            names = [
                failure.name
                for failure in failures
                if month["score_month"] in {row.get("score_month") for row in failure.rows}
            ]
            ranks += [] if names else ranks_of_ends[month["variant_no"]]
            ends.append({"rule_id": rule_id, "end": end, "refused_by": names})
    rules = [{**each, "has_range": each["rule_id"] in ranged} for each in rules]
    line = f"规则中{counts}，"
    if not ranged:
        line += "没有一条的可行区间由本月所印得分限定，一条也没有计算，本步没有名次"
        return Step("coefficients", "未明定的系数", line, findings={"rules": rules, "ends": ends})
    refused = sum(bool(each["refused_by"]) for each in ends)
    without = sum(not each["has_range"] for each in rules)
    line += (
        f"可行区间由本月所印得分限定的 {len(ranged)} 条，两端各重算一次，其中 {refused} 端"
        f"与数据测试不符而不计，其余 {without} 条没有这样的区间，没有计算；"
    )
    return asked.ranked("coefficients", "未明定的系数", line, ranks, rules=rules, ends=ends)


STEPS = (
    _weights,
    _indicators,
    _geometric,
    _rounding,
    _effective_weights,
    _indistinct,
    _correlations,
    _coefficients,
)
"""In the order in which they are told."""


def _extremes(ranks: Iterable[Row]) -> dict[str, Row]:
    """The best and the worst place of each unit, and what else its first row says."""
    found: dict[str, Row] = {}
    for row in ranks:
        unit = found.setdefault(row["unit_id"], _without(row, "unit_id"))
        unit["best_rank"] = min(unit["best_rank"], row["best_rank"])
        unit["worst_rank"] = max(unit["worst_rank"], row["worst_rank"])
    return found


def _printed_place(units: list[Row]) -> Decimal:
    """The smallest difference between printed totals, such as 0.01."""
    return Decimal(1).scaleb(min(unit["composite_score"].as_tuple().exponent for unit in units))


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _moments(row: Row) -> tuple[Fraction, Fraction, Fraction]:
    """Covariance and both variances, each times the square of the count: exact."""
    count = row["unit_count"]
    one, other, *squares = (Fraction(row[name]) for name in SUMS)
    both, one_square, other_square = (count * each for each in squares)
    return both - one * other, one_square - one**2, other_square - other**2


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _except(labels: Iterable[str], reason: str) -> str:
    listed = "、".join(sorted(labels))
    return f"；不含{listed}（{reason}）" if listed else ""


GROUPS = """
    create temporary view month_groups as
    select distinct
        units.city_code,
        units.group_code,
        groups.group_order,
        case
            when count(distinct units.city_code) over () > 1 then units.city_name || ' ' else ''
        end || units.group_name as group_label
    from marts.dim_units as units
    inner join reference.groups as groups using (group_code)
"""

UNITS = """
    select
        unit_id, unit_name, city_code, city_name, group_code, group_name, group_label,
        composite_score, exact_score, sequence_no, score_rank
    from marts.fct_composite_scores
    inner join month_groups using (city_code, group_code)
    order by city_code, group_order, sequence_no
"""

RANKS = """
    select unit_id, score_rank as best_rank, score_rank as worst_rank
    from marts.fct_composite_scores
    where exact_score is not null
    order by unit_id
"""

RANKS_OF_VARIANTS = """
    select variant_no, unit_id, score_rank as best_rank, score_rank as worst_rank
    from marts.fct_composite_scores
    inner join variants using (score_month)
    where exact_score is not null
    order by variant_no, unit_id
"""

WEIGHTS = """
    with

    -- Draw 0 is what is published. A factor is 1 plus or minus up to the spread, in millionths, and
    -- follows from the seed, the draw and the dimension alone. The sum of share times new weight is
    -- that of score times factor, since the old weight cancels out; rescaled to 100 by a number
    -- that a group has in common, totals keep their order. So everything is exact.
    factors as (
        select
            draw_no,
            dimension_code,
            cast(
                1000000 + cast({spread} as decimal(4, 4)) * case
                    when draw_no = 0 then 0
                    else cast(random_number % 2000001 as decimal(7, 0)) - 1000000
                end as decimal(11, 4)
            ) as factor
        from (select unnest(range({draws} + 1)) as draw_no)
        cross join reference.dimensions
        cross join lateral (
            select md5_number_lower(concat_ws(' ', '{seed}', draw_no, dimension_code))
        ) as drawn (random_number)
    ),

    totals as (
        select
            draw_no, unit_id, city_code, group_code, published.score_rank,
            sum(cast(scores.score as decimal(20, 10)) * factor) as total
        from marts.fct_dimension_scores as scores
        inner join factors using (dimension_code)
        inner join marts.fct_composite_scores as published using (unit_id, city_code, group_code)
        where published.exact_score is not null
        group by draw_no, unit_id, city_code, group_code, published.score_rank
    ),

    ranked as (
        select
            *,
            rank() over (partition by draw_no, city_code, group_code order by total desc)
                as rank_of_draw
        from totals
    )

    select
        unit_id,
        min(rank_of_draw) as best_rank,
        max(rank_of_draw) as worst_rank,
        count(*) filter (draw_no > 0 and rank_of_draw = score_rank) as same_rank_draws
    from ranked
    group by unit_id
    order by unit_id
"""

INDICATORS = """
    select
        indicator_code, indicator_name, dimension_name,
        count(*) filter (points_lost != 0) as lossy_unit_count, 0 as moved_unit_count
    from marts.fct_indicator_scores
    inner join reference.dimensions using (dimension_code, dimension_name)
    group by indicator_code, indicator_name, dimension_code, dimension_name, dimension_order
    order by dimension_order, indicator_code
"""

GIVEN_BACK = """
    update marts.fct_indicator_scores as scores set points = max_points, points_lost = 0
    from (values {codes}) as left_out (variant_no, code)
    inner join variants using (variant_no)
    where
        scores.score_month = variants.score_month and indicator_code = code and points_lost != 0
"""

GEOMETRIC = """
    with

    means as (
        select
            unit_id, city_code, group_code, bool_or(scores.score = 0) as has_zero,
            case
                when has_zero then 0
                else round(
                    exp(
                        list_sum(
                            list(
                                weight * ln(nullif(scores.score, 0) / weight)
                                order by dimension_code
                            )
                        ) / sum(weight)
                    ),
                    10
                )
            end as geometric_mean
        from marts.fct_dimension_scores as scores
        inner join marts.fct_composite_scores as totals using (unit_id, city_code, group_code)
        where totals.exact_score is not null and weight != 0
        group by unit_id, city_code, group_code
    ),

    published as (
        select unit_id, score_rank from marts.fct_composite_scores
    ),

    ranked as (
        select
            *,
            rank() over (partition by city_code, group_code order by geometric_mean desc)
                as new_rank
        from means
        inner join published using (unit_id)
    )

    select
        unit_id,
        least(score_rank, new_rank) as best_rank,
        greatest(score_rank, new_rank) as worst_rank,
        has_zero
    from ranked
    order by unit_id
"""

ROUNDING = """
    select
        units.unit_id,
        1 + count(*) filter (others.exact_score >= units.exact_score + {place}) as best_rank,
        1 + count(*) filter (
            others.exact_score > units.exact_score - {place}
            and others.exact_score != units.exact_score
        ) as worst_rank
    from marts.fct_composite_scores as units
    inner join marts.fct_composite_scores as others using (city_code, group_code)
    where units.exact_score is not null
    group by units.unit_id
    order by units.unit_id
"""

TIES = """
    select
        city_code, group_code, group_label, score_rank, exact_score,
        list(unit_name order by sequence_no) as unit_names
    from marts.fct_composite_scores
    inner join month_groups using (city_code, group_code)
    where exact_score is not null
    group by city_code, group_code, group_label, group_order, score_rank, exact_score
    having count(*) > 1
    order by city_code, group_order, score_rank
"""

CLOSE = """
    with

    pairs as (
        select
            city_code, group_code, sequence_no, unit_name as unit_below,
            lag(unit_name) over in_group as unit_above,
            lag(exact_score) over in_group - exact_score as difference,
            lag(composite_score) over in_group = composite_score as is_printed_equal
        from marts.fct_composite_scores
        where exact_score is not null
        window in_group as (partition by city_code, group_code order by sequence_no)
    )

    select
        city_code, group_code, group_label, unit_above, unit_below, difference, is_printed_equal
    from pairs
    inner join month_groups using (city_code, group_code)
    where difference > 0 and difference < {place}
    order by city_code, group_order, sequence_no
"""

MOMENTS = """
    with

    variables as (
        select
            unit_id, city_code, group_code, dimension_code, dimension_name, dimension_order, weight,
            cast(scores.score as decimal(19, 10)) as score, false as is_total
        from marts.fct_dimension_scores as scores
        inner join reference.dimensions using (dimension_code, dimension_name)
        inner join marts.fct_composite_scores as totals using (unit_id, city_code, group_code)
        where totals.exact_score is not null
        union all by name
        select unit_id, city_code, group_code, cast(exact_score as decimal(19, 10)) as score,
            true as is_total
        from marts.fct_composite_scores
        where exact_score is not null
    )

    select
        city_code, group_code, group_label,
        one.dimension_code, one.dimension_name, one.weight,
        other.dimension_code as other_dimension_code,
        other.dimension_name as other_dimension_name,
        count(*) as unit_count,
        sum(one.score) as sum_one,
        sum(other.score) as sum_other,
        sum(one.score * other.score) as sum_both,
        sum(one.score * one.score) as sum_one_square,
        sum(other.score * other.score) as sum_other_square
    from variables as one
    inner join variables as other using (city_code, group_code, unit_id)
    inner join month_groups using (city_code, group_code)
    where not one.is_total
        and other.{kind}
    group by all
    order by city_code, any_value(group_order), any_value(one.dimension_order),
        any_value(other.dimension_order)
"""

INDISTINCT = """
    with

    indicators as (
        select
            city_code, group_code, dimension_order, indicator_code, indicator_name,
            count(*) = count(points) and min(points) = max(points) as is_equal,
            bool_and(points = max_points) as is_full
        from marts.fct_indicator_scores
        inner join reference.dimensions using (dimension_code)
        group by city_code, group_code, dimension_order, indicator_code, indicator_name
    )

    select
        city_code, group_code, group_label, count(*) as indicator_count,
        coalesce(
            list(indicator_name order by dimension_order, indicator_code)
                filter (is_equal and is_full),
            []
        ) as at_full_marks,
        coalesce(
            list(indicator_name order by dimension_order, indicator_code)
                filter (is_equal and not is_full),
            []
        ) as equal_below
    from indicators
    inner join month_groups using (city_code, group_code)
    group by city_code, group_code, group_label, group_order
    order by city_code, group_order
"""

UNCERTAIN_RULES = """
    select
        rule_id, basis, basis_name, rules.rule_text,
        coalesce(bool_or(points_lost != 0), false) as is_lost
    from marts.fct_indicator_scores
    inner join marts.dim_rules as rules using (rule_id)
    inner join {release}.reference.rule_bases using (basis, basis_name)
    where basis != 'stated'
    group by rule_id, basis, basis_name, basis_order, rules.rule_text
    order by basis_order, rule_id
"""
