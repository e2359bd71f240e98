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

from ywtb.assessment.months import month_states
from ywtb.assessment.reference import month_of
from ywtb.assessment.sql import literal, load_csv, rules_database
from ywtb.project import Project, SettingsError

MOST_CITIES = 99_999
MOST_IN_SEEDS = 1_000
"""City-months up to which the months are written as seeds, too."""

CITY_MONTHS_AT_ONCE = 600

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        folder: where it is.
        cities: number of made-up cities.
        months: such as 2023-01, oldest first.
        unit_months: units, counted in every month, those of the project's own cities included.
        observations: values of indicators that units report.
        files: written.
        has_seeds: whether the months are there as seeds, too.
        own_months: months in which the project's own cities take part.
    """

    folder: Path
    cities: int
    months: list[str]
    unit_months: int
    observations: int
    files: int
    has_seeds: bool
    own_months: list[str]


class NoUnitsError(SettingsError):
    """The seeds have no units to make others like."""


MODELS = (
    "int_units_monthly",
    "int_dimension_weights_monthly",
    "int_group_indicators_monthly",
    "int_rules_monthly",
)

# Codes of GB/T 2260 begin with 1 to 8.
SETUP = """
create schema made;
create table made.months as
    select score_month from intermediate.int_score_months
    where score_month between getvariable('first_month') and getvariable('last_month');
create table made.own_units as
    from intermediate.int_units_monthly
    where city_code not like '9%' and score_month in getvariable('own_months');
create macro random_number(subject) as
    md5_number_lower(concat_ws('|', getvariable('seed'), subject));
create macro part(random, number) as
    cast(random // cast(pow(1000, number) as ubigint) % 1000 as bigint);
create macro written_name(unit_id, unit_name, names, feed_code, score_month) as
    case
        when part(random_number(concat_ws('|', unit_id, feed_code, score_month)), 0) < 30
            then coalesce(
                names[
                    1 + part(random_number(concat_ws('|', unit_id, feed_code, score_month)), 1)
                    % len(names)
                ],
                unit_name
            )
        else unit_name
    end;
create table made.cities as
select
    number,
    cast(900000 + number as varchar) as city_code,
    format('合成{:04d}', number) as stem,
    getvariable('first_month') + to_months(cast(1 + (number - 1) % 11 as integer)) as reform_month
from range(1, getvariable('city_count') + 1) as numbers(number);
create table made.templates as
select
    units.unit_id,
    split_part(units.unit_id, '-', -1) as unit_number,
    units.unit_name,
    units.group_code,
    units.official_order,
    aliases.alias_name,
    partners.group_code as other_group_code,
    bool_or(units.region_code is not null) over (partition by units.group_code) as is_region
from intermediate.int_units_monthly as units
inner join reference.groups as unit_groups using (group_code)
left join reference.groups as partners
    on unit_groups.unit_label = partners.unit_label and unit_groups.group_code != partners.group_code
left join (
    select unit_id, min(alias_name) as alias_name from reference.unit_aliases group by unit_id
) as aliases using (unit_id)
where (units.score_month, units.city_code) = (
    select (score_month, city_code) from intermediate.int_units_monthly
    where city_code not like '9%'
    order by score_month, city_code
    limit 1
);
"""

# In its month of reform a city renames a unit, moves one to another group, and puts one in the
# place of another.
UNITS = """
create table made.changes as
select
    *,
    case
        when reform_month > getvariable('last_month') or is_region then null
        when alias_name is not null and place = 1 then 'renamed'
        when alias_name is not null and place = 2 then 'replaced'
        when alias_name is null and other_group_code is not null and place = 1 then 'moved'
    end as change,
    city_code || '-' || unit_number as made_id,
    case
        when is_region
            then stem || '第' || (row_number() over (partition by number, is_region
            order by official_order, unit_id)) || right(unit_name, 1)
        else unit_name
    end as made_name
from (
    select
        *,
        row_number() over (
            partition by number, is_region, alias_name is null
            order by random_number(concat_ws('|', number, unit_number)), unit_number
        ) as place
    from made.templates
    cross join made.cities
);
create table made.units as
select
    made_id as unit_id,
    city_code,
    made_name as unit_name,
    group_code,
    official_order,
    getvariable('first_month') as valid_from,
    case
        when change = 'replaced' then reform_month - interval 1 month
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
    reform_month as valid_from,
    getvariable('last_month') as valid_to
from made.changes
where change is not null;
create table made.aliases as
select aliases.alias_name, changes.made_id as unit_id, aliases.note
from made.changes as changes
inner join reference.unit_aliases as aliases using (unit_id)
where not is_region
union all
select unit_name, made_id, '原名' from made.changes where change = 'renamed'
union all
select stem || '市' || made_name, made_id, '全称' from made.changes where is_region;
"""

REFERENCE = {
    "cities": """
        select * from reference.cities
        union all by name
        select
            city_code,
            stem || '市' as city_name,
            stem || '市一网通办考核办公室（合成数据）' as office_name,
            stem || '市（合成数据）' as masthead_name,
            (select max(worst_good_rank) from reference.cities) as worst_good_rank
        from made.cities
        where city_code not in (select city_code from reference.cities)
    """,
    "units": """
        from (
            select * from reference.units where false
            union all by name
            select * exclude (score_month), score_month as valid_from, score_month as valid_to
            from made.own_units
            union all by name
            select * replace (cast(valid_from as date) as valid_from, cast(valid_to as date) as valid_to)
            from made.units
        )
        order by city_code, valid_from, official_order, unit_id
    """,
    "unit_aliases": """
        from (
            select aliases.*
            from reference.unit_aliases as aliases
            semi join made.own_units as units using (unit_id)
            union all by name
            select * from made.aliases
        )
        order by unit_id, alias_name
    """,
}
"""Seeds that name cities and units, with rows of ours beside the project's own."""

# What each group reports in each month, in hundredths but for counts: the bends of the curve that
# scores it, from the least value that plays a part to the greatest.
REPORTED = """
create table made.reported as
with

weights as (
    select score_month, group_code, dimension_code, max(weight) as weight
    from intermediate.int_dimension_weights_monthly
    group by all
),

segments as (
    select
        score_month,
        indicators.group_code,
        indicators.indicator_code,
        rules.lower_value,
        coalesce(
            rules.upper_value,
            indicators.valid_max,
            rules.lower_value + ceil(
                coalesce(nullif(indicators.max_points, 0), weights.weight)
                / nullif(abs(indicators.max_points * rules.slope_share + rules.slope_points), 0)
            ),
            50
        ) as upper_value,
        indicators.max_points * rules.slope_share + rules.slope_points as slope,
        kinds.is_fault
    from intermediate.int_group_indicators_monthly as indicators
    inner join intermediate.int_rules_monthly as rules using (score_month, rule_id)
    inner join reference.rule_kinds as kinds using (rule_kind)
    left join weights using (score_month, group_code, dimension_code)
),

curves as (
    select
        score_month,
        group_code,
        indicator_code,
        list(lower_value) || list(upper_value) as bends,
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
                coalesce(curves.bends, [5]) || [indicators.valid_min, indicators.valid_max],
                lambda bend: bend is not null
            ),
            lambda bend: cast(
                bend * case when indicators.value_type = 'count' then 1 else 100 end as bigint
            )
        ))) as bends
    from intermediate.int_group_indicators_monthly as indicators
    inner join reference.indicators as named using (indicator_code)
    left join curves using (score_month, group_code, indicator_code)
    where score_month in (from made.months)
)

select
    *,
    bends[1] as bottom,
    bends[-1] as top,
    cast(pow(10, 12) as bigint) as whole
from scaled;
create table made.pairs as
select
    pairs.relation,
    pairs.rate_code,
    pairs.indicator_code as partner_code,
    rates.score_month,
    rates.group_code,
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

# Some lose nothing, most of the time; some lose little or much along the whole curve; a few lie
# at its ends. `trait` stays with the unit, `whim` is the month's.
CELLS = """
create or replace table made.unit_months as
select
    cities.number,
    units.*,
    names.names,
    row_number() over (
        partition by city_code, months.score_month
        order by unit_groups.group_order, units.official_order, units.unit_id
    ) as unit_place,
    months.score_month
from made.units as units
inner join made.cities as cities using (city_code)
inner join reference.groups as unit_groups using (group_code)
left join (
    select unit_id, list(alias_name order by alias_name) as names from made.aliases group by unit_id
) as names using (unit_id)
inner join made.months as months on months.score_month between units.valid_from and units.valid_to
where cities.number between getvariable('from_city') and getvariable('to_city')
qualify row_number() over (
    partition by months.score_month, units.unit_id order by units.valid_from desc
) = 1;
create or replace table made.drawn as
with

random as (
    select
        units.*,
        reported.* exclude (score_month, group_code),
        random_number(concat_ws('|', unit_id, indicator_code)) as trait,
        random_number(concat_ws('|', unit_id, indicator_code, score_month)) as whim
    from made.unit_months as units
    inner join made.reported as reported using (score_month, group_code)
),

drawn as (
    select
        *,
        part(trait, 0) as kind,
        part(trait, 1) as place,
        part(whim, 0) as slip,
        part(whim, 1) as drift,
        top - bottom as breadth,
        bends[1 + part(trait, 2) % greatest(len(bends) - 1, 1)] as segment_start,
        bends[2 + part(trait, 2) % greatest(len(bends) - 1, 1)] as segment_end
    from random
),

losses as (
    select
        *,
        case
            when kind < 3 then breadth
            when kind < 150
                then greatest(1, breadth * place * place * place * place // whole * (800 + drift // 3) // 1000)
            when slip < 20
                then greatest(1, breadth * drift * drift * drift * drift // whole // 5)
            else 0
        end as lost,
        case
            when value_type = 'count'
                then segment_start
                + (segment_end - segment_start) * place * place * place * place // whole
            else segment_start + (segment_end - segment_start) * place // 1000
        end as earned
    from drawn
)

select
    *,
    least(
        greatest(
            case
                when value_type = 'text' then null
                when is_fault then case when is_rising then top - lost else bottom + lost end
                when value_type = 'points' and kind < 60 then top
                when value_type = 'points'
                    then (top * 1000 - top * 850 * place // 1000 * place // 1000) // 5000 * 5
                    + (drift // 250 - 2) * case when slip < 500 then 5 else 0 end
                when kind < 5 then bottom
                when kind > 994 then top
                else earned + (earned * drift // 1000 - earned // 2) // 10
            end,
            bottom
        ),
        top
    ) as figure,
    value_type in ('percent', 'count') and (
        part(trait, 3) < case value_type when 'percent' then 150 else 20 end
    ) as is_left_out
from losses;
create or replace table made.figures as
select
    drawn.* exclude (figure, is_left_out),
    case
        when pairs.relation = 'faults_left' and partner.figure > pairs.partner_bottom
            then pairs.rate_top - greatest(1,
                pairs.rate_top * partner.figure // (partner.figure + 20 + drawn.place))
        when pairs.relation = 'faults_left' then pairs.rate_top
        else drawn.figure
    end as figure,
    case
        when pairs.relation = 'faults_left'
            then partner.figure = pairs.partner_bottom and part(drawn.trait, 3) < 300
        when pairs.relation = 'faults_dealt_with' then partner.figure = pairs.partner_bottom
        when pairs.relation = 'points_of_rate'
            then partner.figure = pairs.partner_top and part(drawn.trait, 3) < 500
        else drawn.is_left_out and drawn.indicator_code not in (select partner_code from made.pairs)
    end as is_not_applicable
from made.drawn as drawn
left join made.pairs as pairs
    on
        drawn.score_month = pairs.score_month
        and drawn.group_code = pairs.group_code
        and drawn.indicator_code = pairs.rate_code
left join made.drawn as partner
    on
        drawn.score_month = partner.score_month
        and drawn.unit_id = partner.unit_id
        and pairs.partner_code = partner.indicator_code;
create or replace table made.cells as
select
    *,
    case
        when value_type = 'text' then case when place < 500 then '已落实' end
        when is_not_applicable then case when part(trait, 4) < 100 then '-' else '—' end
        when value_type = 'count' then cast(figure as varchar)
        when part(trait, 4) < 200 then rtrim(rtrim(plain, '0'), '.')
        else plain
    end
    || case when value_type = 'percent' and not is_not_applicable then '%' else '' end as cell
from (
    select *, (figure // 100) || '.' || lpad(cast(figure % 100 as varchar), 2, '0') as plain
    from made.figures
);
"""

# Figures of a city that its units' figures settle are those; of the others, `usual` is about what
# the project's own city has.
METRICS = """
create or replace table made.metric_rows as
with

metrics as (
    select
        metrics.*,
        row_number() over () as metric_order,
        problems.indicator_code as problem_code,
        samples.usual,
        coalesce(samples.has_rank, false) as has_rank
    from reference.city_metrics as metrics
    left join (
        select metric_code, min(indicator_code) as indicator_code
        from reference.bulletin_problems
        where metric_code is not null
        group by metric_code
    ) as problems using (metric_code)
    left join made.samples as samples using (metric_code)
),

unit_figures as (
    select
        number,
        score_month,
        indicator_code,
        sum(figure) filter (where not is_not_applicable) as figure_sum,
        count(*) filter (where not is_not_applicable) as figure_count,
        count(*) filter (
            where not is_not_applicable
            and coalesce(figure < cast(valid_max * 100 as bigint), figure > valid_min)
        ) as fault_count
    from made.figures
    where value_type != 'text'
    group by number, score_month, indicator_code
),

city_months as (
    select distinct number, city_code, score_month from made.unit_months
),

drawn as (
    select
        *,
        random_number(concat_ws('|', city_code, metric_code)) as trait,
        random_number(concat_ws('|', city_code, metric_code, score_month)) as whim,
        list_transform(
            range(1, month(score_month) + 1),
            lambda each: part(random_number(concat_ws(
                '|', city_code, coalesce(added_metric_code, metric_code),
                make_date(year(score_month), each, 1)
            )), 0)
        ) as whims,
        part(random_number(concat_ws('|', city_code, coalesce(added_metric_code, metric_code))), 0)
            as size
    from city_months
    cross join metrics
),

figures as (
    select
        drawn.*,
        -- Of a figure without a sample, 50.
        coalesce(
            (select usual from made.samples where metric_code = drawn.added_metric_code), usual, 5000
        ) * (500 + size) // 1000 as scale,
        same.figure_sum,
        same.figure_count,
        coalesce(problems.fault_count, same.fault_count) as fault_count
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
),

-- In hundredths.
valued as (
    select
        *,
        case
            when value_type = 'percent' and fault_count = 0 then 10000
            when value_type = 'percent' and figure_count > 0
                then least(figure_sum // figure_count, 9999)
            when value_type = 'percent' and fault_count > 0
                then 10000 - fault_count * 10 - part(whim, 0) % 10
            when value_type = 'percent' then 10000 - part(trait, 1) // 3 - part(whim, 0) // 20
            when figure_sum is not null then figure_sum * 100
            when continuity = 'numbered' then month(score_month) * 100
            when continuity = 'year_to_date'
                then list_sum(list_transform(whims, lambda each: scale * (800 + each // 3) // 1000))
            else scale * (800 + part(whim, 0) // 3) // 1000
        end as figure,
        1 + (part(trait, 2) + part(whim, 2) // 400) % 21 as place
    from figures
)

select
    number,
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
        when value_type = 'text'
            then unit_names[1 + part(whim, 1) % len(unit_names)]
        when value_type = 'percent'
            then rtrim(rtrim(plain, '0'), '.') || '%'
        when value_type = 'count' then cast(greatest(figure // 100, 1) as varchar)
        else plain
    end as value,
    case
        when value_type != 'rank' and not has_rank then null
        when place > 16 then '倒数' || (22 - place)
        else cast(place as varchar)
    end as province_rank
from (
    select *, (figure // 100) || '.' || lpad(cast(figure % 100 as varchar), 2, '0') as plain
    from valued
)
left join (
    select number as city_number, score_month as unit_month,
        list(unit_name order by unit_id) as unit_names
    from made.unit_months
    group by all
) as names on number = city_number and score_month = unit_month;
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
        cities: how many, from 1 to 99,999.
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
        made = _Writer(project, Path(beside) / "made", cities, months, seed).write(folder, report)
        (Path(beside) / "made").rename(folder)
    return made


class _Writer:
    """Writes everything into a folder of its own."""

    def __init__(
        self, project: Project, root: Path, cities: int, months: Sequence[date], seed: int
    ) -> None:
        self.project, self.root, self.months = project, root, months
        self.city_count = cities
        self.has_seeds = cities * len(months) <= MOST_IN_SEEDS
        self.files = 0
        states = month_states(project)
        built = (name.replace("_", "-") for name in project.score_months())
        own = [month_of(name) for name in built if states[name].stage != "collecting"]
        self.own_months = own
        self.sql = rules_database(project, sorted({*own, *months}), MODELS)
        self._set(seed=str(seed), city_count=str(cities))
        self._set(first_month=_date(months[0]), last_month=_date(months[-1]))
        self._set(own_months=f"cast([{', '.join(map(_date, own))}] as date[])")
        self.sql.execute(SETUP)
        if not self._rows("from made.templates limit 1"):
            raise SettingsError("seeds/reference/units.csv 中没有单位")
        self.sql.execute(UNITS)
        self.sql.execute(REPORTED)
        feeds = "select feed_code, key_column, feed_kind from reference.feeds order by feed_order"
        self.feeds = {feed: (key, kind) for feed, key, kind in self._rows(feeds)}
        columns = (
            "select feed_code, value_type, column_name from reference.feed_columns order by all"
        )
        self.columns = {(feed, kind): name for feed, kind, name in self._rows(columns)}
        self.sql.execute(
            "create table made.samples (metric_code varchar, usual bigint, has_rank boolean)"
        )
        for month in own[-1:]:
            self._read_samples(month)

    def write(self, folder: Path, report: Report) -> Made:
        (self.root / "seeds" / "reference").mkdir(parents=True)
        (self.root / ".gitignore").write_text("*\n")
        for name, sql in REFERENCE.items():
            self._copy(sql, self.root / "seeds" / "reference" / f"{name}.csv")
        unit_months = observations = 0
        step = max(1, CITY_MONTHS_AT_ONCE // len(self.months))
        if self.has_seeds:
            step = self.city_count
        for start in range(1, self.city_count + 1, step):
            end = min(start + step - 1, self.city_count)
            self._set(from_city=str(start), to_city=str(end))
            self.sql.execute(CELLS)
            self.sql.execute(METRICS)
            ((units, cells),) = self._rows(
                "select (select count(*) from made.unit_months), (select count(*) from made.cells)"
            )
            unit_months += units
            observations += cells
            for feed in self.feeds:
                if rows := self._feed_rows(feed):
                    self.sql.execute(f"create or replace table made.feed as {rows}")
                    self._write_partitions(feed)
                if self.has_seeds:
                    self._write_seeds(feed, bool(rows))
            report("synthesize", end, self.city_count)
        shared = [month for month in self.months if month in self.own_months]
        for month in shared:
            for feed in self.feeds:
                self._write_own(feed, month)
        return Made(
            folder,
            self.city_count,
            [f"{month:%Y-%m}" for month in self.months],
            unit_months,
            observations,
            self.files,
            self.has_seeds,
            [f"{month:%Y-%m}" for month in shared],
        )

    def _feed_rows(self, feed: str) -> str | None:
        """The query of a feed's rows, as its files have them; None where none are made up."""
        key, kind = self.feeds[feed]
        if kind == "city_metrics":
            columns = {"value": "value", "rank": "province_rank", "detail": "cast(null as varchar)"}
            named = ", ".join(
                f"{columns[value_type]} as {name}"
                for (of, value_type), name in self.columns.items()
                if of == feed
            )
            return (
                f"select city_code, score_month, metric_code as {key}, {named} "
                "from made.metric_rows order by city_code, score_month, metric_order"
            )
        indicators = self._rows(
            "select distinct indicator_code, indicator_order from made.reported "
            f"where dimension_code = {literal(feed)} order by indicator_order"
        )
        if kind != "indicators" or not indicators:
            return None
        named = ", ".join(
            f"max(cell) filter (where indicator_code = {literal(name)}) as {name}"
            for name, _ in indicators
        )
        return (
            f"select city_code, score_month, "
            f"written_name(unit_id, unit_name, names, {literal(feed)}, score_month) as {key}, {named} "
            f"from made.cells where dimension_code = {literal(feed)} "
            "group by city_code, score_month, unit_place, unit_id, unit_name, names "
            "order by city_code, score_month, unit_place"
        )

    def _write_partitions(self, feed: str) -> None:
        parts = self.root / "parts"
        self.sql.execute(
            f"copy made.feed to {literal(str(parts))} "
            "(format parquet, partition_by (city_code, score_month), overwrite_or_ignore)"
        )
        for path in parts.glob("*/*/*"):
            target = self.root / "raw" / path.relative_to(parts).parent / f"{feed}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            self.files += 1
        shutil.rmtree(parts)

    def _write_seeds(self, feed: str, is_made: bool) -> None:
        """One file per month, in which rows of the project's own cities come first, as they were."""
        for month in self.months:
            rows = ["select * from made.own"] if self._read_own(feed, month) else []
            if is_made:
                rows.append(
                    "select * exclude (score_month) from made.feed "
                    f"where score_month = {_date(month)}"
                )
            if rows:
                name = f"{month:%Y_%m}"
                path = self.root / "seeds" / "raw" / name / f"raw_{feed}__{name}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                self._copy(" union all by name ".join(rows), path)

    def _write_own(self, feed: str, month: date) -> None:
        if self._read_own(feed, month):
            for (city,) in self._rows("select distinct city_code from made.own"):
                path = self.root / "raw" / f"city_code={city}" / f"score_month={month}"
                path.mkdir(parents=True, exist_ok=True)
                self._copy(
                    f"select * exclude (city_code) from made.own where city_code = {literal(city)}",
                    path / f"{feed}.parquet",
                )

    def _read_samples(self, month: date) -> None:
        """Fill `made.samples` with the city-level figures of the project's own city."""
        for feed, (key, kind) in self.feeds.items():
            if kind == "city_metrics" and self._read_own(feed, month):
                value, rank = (self.columns[feed, each] for each in ("value", "rank"))
                self.sql.execute(
                    f"insert into made.samples select {key}, cast(try_cast({value} as decimal(12, "
                    f"2)) * 100 as bigint), {rank} is not null from made.own where city_code = "
                    "(select min(city_code) from made.own)"
                )

    def _read_own(self, feed: str, month: date) -> bool:
        """Make `made.own` of the project's own file, if there is one; whether there is."""
        name = f"{month:%Y_%m}"
        path = self.project.seeds / "raw" / name / f"raw_{feed}__{name}.csv"
        if month not in self.own_months or not path.exists():
            return False
        self.sql.execute("drop table if exists made.received")
        load_csv(self.sql, "made.received", path, {})
        self.sql.execute("alter table made.received add column if not exists city_code varchar")
        self.sql.execute(
            "create or replace table made.own as select coalesce(city_code, (select any_value("
            f"city_code) from made.own_units where score_month = {_date(month)})) as city_code, "
            "* exclude (city_code) from made.received where coalesce(city_code not like '9%', true)"
        )
        return True

    def _copy(self, sql: str, path: Path) -> None:
        self.sql.execute(
            f"copy ({sql}) to {literal(str(path))} (format {path.suffix[1:]}{', header' if path.suffix == '.csv' else ''})"
        )
        self.files += 1

    def _set(self, **values: str) -> None:
        for name, value in values.items():
            self.sql.execute(f"set variable {name} = {value}")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.sql.execute(sql).fetchall()


def _date(month: date) -> str:
    return f"date '{month}'"
