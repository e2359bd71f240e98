"""Made-up months of made-up cities, few or as many as a province has, for trials and measurements.

Groups, units, indicators, rules and city-level figures are those of the seeds. Every figure follows
from the seed number, the city, the unit, the indicator and the month by MD5, so that a city is the
same among 10 and among 1,000, and a month among 2 and among 12. A unit keeps its strengths from
month to month, with little changes. The project's own cities take part, with the files that the
project has of them, in the months that it has: what the seeds say of their cells remains true.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.months import month_states
from ywtb.assessment.reference import month_of
from ywtb.assessment.sql import literal, load_csv, rules_database
from ywtb.project import Project, SettingsError

MOST_CITIES = 99_999
MOST_IN_SEEDS = 1_000
"""City-months up to which the months are written as seeds, too."""

CITY_MONTHS_AT_ONCE = 120

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        cities: number of made-up cities.
        months: such as 2023-01, oldest first.
        unit_months: units, counted in every month, those of the project's own cities included.
        observations: values of indicators that units report.
        files: written.
        has_seeds: whether the months are there as seeds, too.
        own_months: months in which the project's own cities take part.
    """

    cities: int
    months: list[str]
    unit_months: int
    observations: int
    files: int
    has_seeds: bool
    own_months: list[str]


MODELS = (
    "int_units_monthly",
    "int_dimension_weights_monthly",
    "int_group_indicators_monthly",
    "int_rules_monthly",
)

# Codes of GB/T 2260 begin with 1 to 8. A random number follows from its subject, and its parts are
# numbers from 0 to 999 that know nothing of each other.
SETUP = """
create schema made;
create macro random_number(subject) as
    md5_number_lower(concat_ws('|', getvariable('seed'), subject));
create macro part(random, number) as
    cast(random // cast(pow(1000, number) as ubigint) % 1000 as bigint);
create macro skewed(part) as part * part * part * part;
create macro two_decimals(hundredths) as
    (hundredths // 100) || '.' || lpad(cast(hundredths % 100 as varchar), 2, '0');
create table made.months as
select score_month
from intermediate.int_score_months
where score_month between getvariable('first_month') and getvariable('last_month');
create table made.own_units as
select *
from intermediate.int_units_monthly
where city_code not like '9%' and score_month in getvariable('own_months');
create table made.cities as
select
    number,
    cast(900000 + number as varchar) as city_code,
    format('合成{:04d}', number) as stem,
    cast(
        getvariable('first_month') + to_months(cast(1 + (number - 1) % 11 as integer)) as date
    ) as reform_month
from range(1, getvariable('city_count') + 1) as numbers(number);
create table made.templates as
select
    units.unit_id,
    split_part(units.unit_id, '-', -1) as unit_number,
    units.unit_name,
    units.group_code,
    units.official_order,
    aliases.alias_name,
    (
        select min(others.group_code)
        from reference.groups as others
        where
            others.unit_label = unit_groups.unit_label
            and others.group_code != unit_groups.group_code
    ) as other_group_code,
    bool_or(units.region_code is not null) over (partition by units.group_code) as is_region
from intermediate.int_units_monthly as units
inner join reference.groups as unit_groups using (group_code)
left join (
    select
        unit_id,
        min(alias_name) as alias_name
    from reference.unit_aliases
    group by unit_id
) as aliases using (unit_id)
where (units.score_month, units.city_code) = (
    select (score_month, city_code)
    from intermediate.int_units_monthly
    where city_code not like '9%'
    order by score_month, city_code
    limit 1
);
"""

# In its month of reform a city renames a unit, moves one to another group, and puts one in the
# place of another. Of two units of a group one is drawn as the other, so that their totals tie.
UNITS = """
create table made.changes as
with

placed as (
    select
        *,
        city_code || '-' || unit_number as made_id,
        row_number() over (
            partition by number, is_region, alias_name is null
            order by random_number(concat_ws('|', city_code, unit_number)), unit_number
        ) as place
    from made.templates
    cross join made.cities
),

changed as (
    select
        *,
        case
            when is_region then null
            when alias_name is not null and place = 1 then 'renamed'
            when alias_name is not null and place = 2 then 'replaced'
            when alias_name is null and other_group_code is not null and place = 1 then 'moved'
        end as planned,
        case when reform_month <= getvariable('last_month') then planned end as change,
        case
            when is_region
                then format(
                    '{}第{}{}',
                    stem,
                    row_number() over (partition by number, is_region order by official_order, unit_id),
                    right(unit_name, 1)
                )
            else unit_name
        end as made_name
    from placed
)

select
    *,
    case
        when planned is null and row_number() over unchanged = 2 then lag(made_id) over unchanged
        else made_id
    end as drawn_as
from changed
window unchanged as (
    partition by number, group_code, planned is null order by official_order, unit_id
);
create table made.units as
select
    made_id as unit_id,
    city_code,
    made_name as unit_name,
    group_code,
    official_order,
    drawn_as,
    getvariable('first_month') as valid_from,
    case
        when change = 'replaced' then cast(reform_month - interval 1 month as date)
        else getvariable('last_month')
    end as valid_to
from made.changes
union all
select
    case change when 'replaced' then made_id || 'N' else made_id end as unit_id,
    city_code,
    case change when 'moved' then unit_name else alias_name end as unit_name,
    case change when 'moved' then other_group_code else group_code end as group_code,
    official_order,
    drawn_as,
    reform_month as valid_from,
    getvariable('last_month') as valid_to
from made.changes
where change is not null;
create table made.aliases as
select
    aliases.alias_name,
    changes.made_id as unit_id,
    aliases.note
from made.changes as changes
inner join reference.unit_aliases as aliases using (unit_id)
where not is_region
union all
select
    unit_name,
    made_id,
    '原名'
from made.changes
where change = 'renamed'
union all
select
    stem || '市' || made_name,
    made_id,
    '全称'
from made.changes
where is_region;
"""

REFERENCE = {
    "cities": """
        select * from reference.cities where city_code not like '9%'
        union all by name
        select
            city_code,
            stem || '市' as city_name,
            stem || '市一网通办考核办公室（合成数据）' as office_name,
            stem || '市（合成数据）' as masthead_name,
            (select max(worst_good_rank) from reference.cities) as worst_good_rank
        from made.cities
        order by city_code
    """,
    "units": """
        select * from reference.units where false
        union all by name
        select * exclude (score_month), score_month as valid_from, score_month as valid_to
        from made.own_units
        union all by name
        select * exclude (drawn_as) from made.units
        order by city_code, valid_from, official_order, unit_id
    """,
    "unit_aliases": """
        select aliases.*
        from reference.unit_aliases as aliases
        semi join made.own_units as units using (unit_id)
        union all by name
        select * from made.aliases
        order by unit_id, alias_name
    """,
}
"""Seeds that name cities and units: the project's own in the months that it has, and ours."""

# What each group reports in each month, in hundredths but for counts: the bends of the curve that
# scores it, from the least value that plays a part to the greatest.
REPORTED = """
create table made.reported as
with

indicators as (
    select
        monthly.*,
        case monthly.value_type when 'count' then 1 else 100 end as scale
    from intermediate.int_group_indicators_monthly as monthly
    semi join made.months using (score_month)
),

weights as (
    select
        score_month,
        group_code,
        dimension_code,
        max(weight) as weight
    from intermediate.int_dimension_weights_monthly
    group by all
),

segments as (
    select
        score_month,
        indicators.group_code,
        indicators.indicator_code,
        rules.lower_value,
        rules.upper_value,
        indicators.max_points * rules.slope_share + rules.slope_points as slope,
        coalesce(nullif(indicators.max_points, 0), weights.weight) as most_points,
        kinds.is_fault
    from indicators
    inner join intermediate.int_rules_monthly as rules using (score_month, rule_id)
    inner join reference.rule_kinds as kinds using (rule_kind)
    left join weights using (score_month, group_code, dimension_code)
),

-- An open end lies where all points are lost or earned.
curves as (
    select
        score_month,
        group_code,
        indicator_code,
        list(lower_value) || list(upper_value) as bends,
        max(lower_value + ceil(most_points / nullif(abs(slope), 0))) filter (
            where upper_value is null
        ) as open_end,
        sum(slope) >= 0 as is_rising,
        bool_or(is_fault) as is_fault
    from segments
    group by all
),

scaled as (
    select
        indicators.*,
        named.indicator_order,
        coalesce(curves.is_fault, indicators.value_type = 'percent') as is_fault,
        coalesce(curves.is_rising, true) as is_rising,
        list_sort(list_distinct(list_transform(
            list_filter(
                coalesce(curves.bends, cast([] as decimal(18, 6)[]))
                || [indicators.valid_min, coalesce(indicators.valid_max, curves.open_end, 20)],
                lambda bend: bend is not null
            ),
            lambda bend: cast(bend * scale as bigint)
        ))) as bends,
        cast(indicators.valid_max * scale as bigint) as best
    from indicators
    inner join reference.indicators as named using (indicator_code)
    left join curves using (score_month, group_code, indicator_code)
)

select
    *,
    cast(row_number() over (order by score_month, group_code, indicator_code) as integer)
        as reported_no,
    bends[1] as bottom,
    bends[-1] as top
from scaled;
create table made.pairs as
select
    rates.reported_no,
    partners.reported_no as partner_no,
    pairs.relation,
    rates.top as rate_top,
    partners.top as partner_top,
    partners.bottom as partner_bottom
from reference.indicator_pairs as pairs
inner join made.reported as rates on pairs.rate_code = rates.indicator_code
inner join made.reported as partners
    on
        pairs.indicator_code = partners.indicator_code
        and rates.score_month = partners.score_month
        and rates.group_code = partners.group_code;
"""

# Most lose nothing, most of the time; some lose little or much along the whole curve; a few lie at
# its ends. `trait` stays with the unit, `whim` is the month's. Of two indicators that could
# contradict each other one follows from the other.
CELLS = """
create or replace table made.unit_months as
select
    cities.number,
    cast(row_number() over () as integer) as unit_no,
    units.*,
    names.names,
    unit_groups.group_order,
    months.score_month
from made.units as units
inner join made.cities as cities using (city_code)
inner join reference.groups as unit_groups using (group_code)
inner join made.months as months on months.score_month between units.valid_from and units.valid_to
left join (
    select
        unit_id,
        list(alias_name order by alias_name) as names
    from made.aliases
    group by unit_id
) as names using (unit_id)
where cities.number between getvariable('from_city') and getvariable('to_city')
qualify
    row_number() over (partition by months.score_month, unit_id order by units.valid_from desc) = 1;
create or replace table made.drawn as
with

random as (
    select
        units.unit_no,
        reported.* exclude (score_month, group_code),
        random_number(concat_ws('|', units.drawn_as, reported.indicator_code)) as trait,
        random_number(concat_ws('|', units.drawn_as, reported.indicator_code, units.score_month))
            as whim
    from made.unit_months as units
    inner join made.reported as reported using (score_month, group_code)
),

drawn as (
    select
        *,
        part(trait, 0) as kind,
        part(trait, 1) as place,
        1 + part(trait, 2) % greatest(len(bends) - 1, 1) as segment_no,
        part(whim, 0) as slip,
        part(whim, 1) as drift
    from random
),

moved as (
    select
        * replace (
            case
                when kind < 3 then top - bottom
                when kind < 100
                    then greatest(
                        (top - bottom) * skewed(place) // 1000000000000 * (800 + drift // 3) // 1000, 1
                    )
                when slip < 15
                    then greatest((top - bottom) * skewed(drift) // 5000000000000, 1)
                else 0
            end as slip
        ),
        bends[segment_no]
        + (bends[segment_no + 1] - bends[segment_no])
        * case value_type when 'count' then skewed(place) // 1000000000 else place end
        // 1000 as earned
    from drawn
)

select
    unit_no,
    reported_no,
    trait,
    place,
    least(
        greatest(
            case
                when value_type = 'text' then null
                when is_fault and is_rising then top - slip
                when is_fault then bottom + slip
                when value_type = 'points' and kind < 60 then top
                when value_type = 'points'
                    then top - top * 85 * place * place // 500000000 * 5 + (drift // 334 - 1) * 5
                when kind < 5 then bottom
                when kind > 994 then top + drift // 100
                else earned + (earned * drift // 1000 - earned // 2) // 10
            end,
            bottom
        ),
        coalesce(best, case when value_type = 'points' then top end, 9999999)
    ) as figure,
    part(trait, 3)
    < case value_type when 'percent' then 150 when 'count' then 20 else 0 end as is_left_out
from moved;
create or replace table made.figures as
select
    drawn.unit_no,
    drawn.reported_no,
    drawn.trait,
    case
        when pairs.relation != 'faults_left' or pairs.relation is null then drawn.figure
        when partner.figure > pairs.partner_bottom
            then pairs.rate_top - greatest(
                pairs.rate_top * partner.figure // (partner.figure + 20 + drawn.place), 1
            )
        else pairs.rate_top
    end as figure,
    case pairs.relation
        when 'faults_left'
            then partner.figure = pairs.partner_bottom and part(drawn.trait, 3) < 300
        when 'faults_dealt_with' then partner.figure = pairs.partner_bottom
        when 'points_of_rate'
            then partner.figure = pairs.partner_top and part(drawn.trait, 3) < 500
        else
            drawn.is_left_out and drawn.reported_no not in (select partner_no from made.pairs)
    end as is_not_applicable
from made.drawn as drawn
left join made.pairs as pairs using (reported_no)
left join made.drawn as partner
    on drawn.unit_no = partner.unit_no and pairs.partner_no = partner.reported_no;
"""

# As different offices write them.
CELL = """
case
    when value_type = 'text' then case when part(trait, 1) < 500 then '已落实' end
    when is_not_applicable then case when part(trait, 4) < 100 then '-' else '—' end
    when value_type = 'count' then cast(figure as varchar)
    when part(trait, 4) < 200 then rtrim(rtrim(two_decimals(figure), '0'), '.')
    else two_decimals(figure)
end
|| case when value_type = 'percent' and not is_not_applicable then '%' else '' end
"""

UNIT_NAME = """
coalesce(case when part(whim, 0) < 30 then names[1 + part(whim, 1) % len(names)] end, unit_name)
"""
"""Now and then a file has another name of the unit."""

# Figures of a city that its units' figures settle are those; of the others, `usual` is what the
# project's own city had, in hundredths.
METRICS = """
create or replace table made.metric_rows as
with

metrics as (
    select
        metrics.*,
        row_number() over (order by metrics.rowid) as metric_order,
        coalesce(metrics.added_metric_code, metrics.metric_code) as monthly_code,
        problems.indicator_code as problem_code,
        coalesce(monthly_samples.usual, 5000) as usual,
        metrics.value_type = 'rank' or coalesce(samples.has_rank, false) as has_rank
    from reference.city_metrics as metrics
    left join (
        select
            metric_code,
            min(indicator_code) as indicator_code
        from reference.bulletin_problems
        group by metric_code
    ) as problems using (metric_code)
    left join made.samples as samples using (metric_code)
    left join made.samples as monthly_samples
        on coalesce(metrics.added_metric_code, metrics.metric_code) = monthly_samples.metric_code
),

unit_figures as (
    select
        units.number,
        units.score_month,
        reported.indicator_code,
        sum(figure) as figure_sum,
        count(*) as figure_count,
        count(*) filter (where coalesce(figure < reported.best, figure > reported.bottom))
            as fault_count
    from made.figures
    inner join made.unit_months as units using (unit_no)
    inner join made.reported as reported using (reported_no)
    where reported.value_type != 'text' and not is_not_applicable
    group by units.number, units.score_month, reported.indicator_code
),

city_months as (
    select
        number,
        city_code,
        score_month,
        list(unit_name order by unit_id) as unit_names
    from made.unit_months
    group by number, city_code, score_month
),

drawn as (
    select
        *,
        random_number(concat_ws('|', city_code, metric_code)) as trait,
        random_number(concat_ws('|', city_code, metric_code, score_month)) as whim,
        list_transform(
            range(
                case continuity when 'year_to_date' then 1 else month(score_month) end,
                month(score_month) + 1
            ),
            lambda each: usual
            * (500 + part(random_number(concat_ws('|', city_code, monthly_code)), 0) // 2)
            // 1000
            * (800 + part(random_number(
                concat_ws('|', city_code, monthly_code, make_date(year(score_month), each, 1))
            ), 0) // 5)
            // 1000
        ) as monthly_figures
    from city_months
    cross join metrics
),

figures as (
    select
        drawn.*,
        case
            when value_type = 'percent' and coalesce(problems.fault_count, same.fault_count, 0) = 0
                and coalesce(problem_code, same.indicator_code) is not null
                then 10000
            when value_type = 'percent' and same.figure_count > 0
                then least(same.figure_sum // same.figure_count, 9999)
            when value_type = 'percent'
                then greatest(
                    9999 - coalesce(problems.fault_count * 10, part(trait, 1) // 3)
                    - part(whim, 0) // 20,
                    0
                )
            when same.figure_sum is not null then same.figure_sum * 100
            when continuity = 'numbered' then month(drawn.score_month) * 100
            else list_sum(monthly_figures)
        end as figure,
        1 + (part(trait, 2) + part(whim, 2) // 400) % 21 as place
    from drawn
    left join unit_figures as same
        on
            drawn.number = same.number
            and drawn.score_month = same.score_month
            and drawn.metric_code = same.indicator_code
    left join unit_figures as problems
        on
            drawn.number = problems.number
            and drawn.score_month = problems.score_month
            and drawn.problem_code = problems.indicator_code
)

select
    city_code,
    score_month,
    metric_order,
    metric_code,
    case
        when continuity = 'dated'
            then strftime(
                score_month + interval 1 month + to_days(cast(19 + part(whim, 0) % 8 as integer)),
                '%Y-%m-%d'
            )
        when value_type = 'rank' then '—'
        when value_type = 'text' then unit_names[1 + part(whim, 1) % len(unit_names)]
        when value_type = 'percent' then rtrim(rtrim(two_decimals(figure), '0'), '.') || '%'
        when value_type = 'count' then cast(greatest(figure // 100, 1) as varchar)
        else two_decimals(figure)
    end as value,
    case
        when not has_rank then null
        when place > 16 then '倒数' || (22 - place)
        else cast(place as varchar)
    end as province_rank
from figures;
"""


def synthesize(
    project: Project,
    folder: Path,
    cities: int,
    months: Sequence[date],
    seed: int,
    report: Report = lambda phase, done, total: None,
) -> Made:
    """Write months of made-up cities into a folder that is not there or empty, in one step.

    Args:
        project: the checkout, whose seeds are the example.
        folder: where they are put.
        cities: how many, from 1 to `MOST_CITIES`.
        months: first days, in order.
        seed: the same number gives the same bytes.
        report: called with the phase, cities done and cities to do.

    Raises:
        FileExistsError: the folder is not empty.
        SettingsError: seeds that cannot be read, or without units.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        root = Path(beside) / "made"
        root.mkdir()
        with _open(project, cities, months, seed) as connection:
            made = _Writer(project, root, connection, months).write(cities, report)
        root.rename(folder)
    return made


def _open(
    project: Project, cities: int, months: Sequence[date], seed: int
) -> duckdb.DuckDBPyConnection:
    """A database with all that cells are drawn from."""
    own = _own_months(project)
    connection = rules_database(project, sorted({*own, *months}), MODELS)
    variables = {
        "seed": str(seed),
        "city_count": str(cities),
        "first_month": _date(months[0]),
        "last_month": _date(months[-1]),
        "own_months": f"cast([{', '.join(map(_date, own))}] as date[])",
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = {value}")
    connection.execute(SETUP)
    if connection.execute("from made.templates limit 1").fetchone() is None:
        raise SettingsError("seeds/reference/units.csv 中没有单位")
    connection.execute(UNITS)
    connection.execute(REPORTED)
    return connection


def _own_months(project: Project) -> list[date]:
    """Months that the project has, those apart that are still being collected."""
    states = month_states(project)
    months = (name.replace("_", "-") for name in project.score_months())
    return [month_of(name) for name in months if states[name].stage != "collecting"]


class _Writer:
    """Writes everything into a folder: first the partitions, then seeds of what these hold."""

    def __init__(
        self,
        project: Project,
        root: Path,
        connection: duckdb.DuckDBPyConnection,
        months: Sequence[date],
    ) -> None:
        self.project, self.root, self.connection, self.months = project, root, connection, months
        self.files = 0
        self.feeds: dict[str, tuple[str, str]] = {
            feed: (key, kind)
            for feed, key, kind in self._rows(
                "select feed_code, key_column, feed_kind from reference.feeds order by feed_order"
            )
        }
        self.columns: dict[tuple[str, str], str] = {
            (feed, value_type): name
            for feed, value_type, name in self._rows(
                "select feed_code, value_type, column_name from reference.feed_columns "
                "order by feed_code, column_order"
            )
        }

    def write(self, city_count: int, report: Report) -> Made:
        self._sample()
        own = [month for month in _own_months(self.project) if month in self.months]
        for month in own:
            self._write_own(month)
        unit_months = observations = 0
        step = max(1, CITY_MONTHS_AT_ONCE // len(self.months))
        for start in range(1, city_count + 1, step):
            end = min(start + step - 1, city_count)
            self.connection.execute(f"set variable from_city = {start}")
            self.connection.execute(f"set variable to_city = {end}")
            self.connection.execute(CELLS)
            self.connection.execute(METRICS)
            ((units, cells),) = self._rows(
                "select (select count(*) from made.unit_months), (select count(*) from made.drawn)"
            )
            unit_months += units
            observations += cells
            for feed in self.feeds:
                self._write_partitions(feed)
            report("synthesize", end, city_count)
        has_seeds = city_count * len(self.months) <= MOST_IN_SEEDS
        if has_seeds:
            for month in self.months:
                self._write_seeds(month)
        (self.root / "seeds" / "reference").mkdir(parents=True, exist_ok=True)
        for name, sql in REFERENCE.items():
            self._copy(sql, self.root / "seeds" / "reference" / f"{name}.csv")
        (self.root / ".gitignore").write_text("*\n")
        return Made(
            city_count,
            [f"{month:%Y-%m}" for month in self.months],
            unit_months,
            observations,
            self.files,
            has_seeds,
            [f"{month:%Y-%m}" for month in own],
        )

    def _sample(self) -> None:
        """Make `made.samples` of the city-level figures of the project's own city."""
        self.connection.execute(
            "create table made.samples (metric_code varchar, usual bigint, has_rank boolean)"
        )
        for month in _own_months(self.project)[-1:]:
            for feed, (key, kind) in self.feeds.items():
                if kind == "city_metrics" and self._read_own(feed, month):
                    value, rank = (self.columns[feed, each] for each in ("value", "rank"))
                    self.connection.execute(
                        f"insert into made.samples select {key}, "
                        f"cast(try_cast({value} as decimal(12, 2)) * 100 as bigint), "
                        f"{rank} is not null from made.own "
                        "where city_code = (select min(city_code) from made.own)"
                    )

    def _write_own(self, month: date) -> None:
        """Write the project's own files of a month as they are."""
        for feed in self.feeds:
            if self._read_own(feed, month):
                for (city,) in self._rows("select distinct city_code from made.own"):
                    target = self._partition(city, f"{month}", feed)
                    rows = f"from made.own where city_code = {literal(city)}"
                    self._copy(f"select * exclude (city_code) {rows}", target)

    def _read_own(self, feed: str, month: date) -> bool:
        """Make `made.own` of the project's own file, if there is one; whether there is."""
        name = f"{month:%Y_%m}"
        path = self.project.seeds / "raw" / name / f"raw_{feed}__{name}.csv"
        if not path.exists():
            return False
        self.connection.execute("drop table if exists made.received")
        load_csv(self.connection, "made.received", path, {})
        self.connection.execute(
            "alter table made.received add column if not exists city_code varchar"
        )
        self.connection.execute(
            "create or replace table made.own as "
            "select * replace (coalesce(city_code, (select min(city_code) from made.own_units "
            f"where score_month = {_date(month)})) as city_code) "
            "from made.received where coalesce(city_code not like '9%', true)"
        )
        return True

    def _write_partitions(self, feed: str) -> None:
        """Write the files of a feed of the cities that were drawn."""
        rows = self._feed_rows(feed)
        if rows is None:
            return
        parts = self.root / "parts"
        self.connection.execute(
            f"copy ({rows}) to {literal(str(parts))} "
            "(format parquet, partition_by (city_code, score_month))"
        )
        for path in parts.glob("*/*/*"):
            city, month = (each.name.partition("=")[2] for each in path.parents[1::-1])
            path.rename(self._partition(city, month, feed))
            self.files += 1
        shutil.rmtree(parts)

    def _feed_rows(self, feed: str) -> str | None:
        """The query of a feed's rows, as its files have them; None where there are none."""
        key, kind = self.feeds[feed]
        if kind == "city_metrics":
            columns = {"value": "value", "rank": "province_rank", "detail": "cast(null as varchar)"}
            named = "".join(
                f", {columns[value_type]} as {name}"
                for (of, value_type), name in self.columns.items()
                if of == feed
            )
            return (
                f"select city_code, score_month, metric_code as {key}{named} "
                "from made.metric_rows order by city_code, score_month, metric_order"
            )
        indicators = self._rows(
            "select distinct indicator_code, indicator_order from made.reported "
            f"where dimension_code = {literal(feed)} order by indicator_order"
        )
        if kind != "indicators" or not indicators:
            return None
        named = "".join(
            f", max({CELL}) filter (where indicator_code = {literal(name)}) as {name}"
            for name, _ in indicators
        )
        whim = f"random_number(concat_ws('|', unit_id, {literal(feed)}, score_month))"
        return (
            f"select city_code, score_month, {UNIT_NAME} as {key}, cells.* exclude (unit_no) from ("
            f"select unit_no{named} from made.figures "
            "inner join made.reported using (reported_no) "
            f"where dimension_code = {literal(feed)} group by unit_no) as cells "
            f"inner join (select *, {whim} as whim from made.unit_months) using (unit_no) "
            "order by city_code, score_month, group_order, official_order, unit_id"
        )

    def _write_seeds(self, month: date) -> None:
        """Write the month's files once more, one of each feed for all cities."""
        name = f"{month:%Y_%m}"
        for feed in self.feeds:
            files = self.root / "raw" / "city_code=*" / f"score_month={month}" / f"{feed}.parquet"
            if self._rows(f"from glob({literal(str(files))}) limit 1"):
                path = self.root / "seeds" / "raw" / name / f"raw_{feed}__{name}.csv"
                self._copy(
                    "select city_code, * exclude (city_code, score_month, file_row_number) "
                    f"from read_parquet({literal(str(files))}, hive_partitioning = true, "
                    "hive_types_autocast = false, union_by_name = true, file_row_number = true) "
                    "order by city_code, file_row_number",
                    path,
                )

    def _partition(self, city: str, month: str, feed: str) -> Path:
        """Path of a file that is written next."""
        folder = self.root / "raw" / f"city_code={city}" / f"score_month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{feed}.parquet"

    def _copy(self, sql: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        options = "format csv, header" if path.suffix == ".csv" else "format parquet"
        self.connection.execute(f"copy ({sql}) to {literal(str(path))} ({options})")
        self.files += 1

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def _date(month: date) -> str:
    return f"date '{month}'"
