"""What a month is measured by: cities, units, indicators, weights, annexes and errata in force."""

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import duckdb

from ywtb.assessment.sql import BrokenSeedError, rules_database
from ywtb.project import Project

Row = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """Everything in force in one month, as rows by SQL column name.

    Texts are `str`, counts `int`, other numbers `Decimal`, dates `date`, blank cells None.

    Attributes:
        month: first day of the month.
        cities: rows of the seed `cities` with units in force, by code.
        units: city_code, unit_id, unit_name, group_code, group_name, official_order, region_code;
            by city, group and official order.
        aliases: alias_name, unit_id, city_code of the units in force.
        groups: rows of the seed, in order.
        dimensions: rows of the seed, in order.
        feeds: rows of the seed, in order.
        feed_columns: rows of the seed, by feed and order.
        city_metrics: rows of the seed, in its order.
        indicators: rows of the seed that some group reports, by dimension and order.
        group_indicators: group_code, dimension_code, indicator_code, rule_id, value_type,
            max_points, valid_min, valid_max, is_required; by group, dimension and order.
            max_points is None where the indicator is shown only.
        weights: city_code, group_code, dimension_code, weight; by city, group and dimension.
        annexes: annex_no, mart_name, annex_title, period_line, not_applicable_mark, group_codes,
            row_order; by number.
        annex_columns: annex_no, mart_name, column_no, column_name, header_path, view_column_name,
            number_format, decimals; as printed.
        errata: city_code, erratum_id, erratum_kind, annex_nos, description, reason, evidence.
        corrections: rows of `int_cell_corrections`.
        imputed: rows of `int_imputed_cells`.
        limits: measure_code, limit_value, reason.
        words: word_kind, word; what the intake knows beside figures, in the seed's order.
    """

    month: date
    cities: list[Row]
    units: list[Row]
    aliases: list[Row]
    groups: list[Row]
    dimensions: list[Row]
    feeds: list[Row]
    feed_columns: list[Row]
    city_metrics: list[Row]
    indicators: list[Row]
    group_indicators: list[Row]
    weights: list[Row]
    annexes: list[Row]
    annex_columns: list[Row]
    errata: list[Row]
    corrections: list[Row]
    imputed: list[Row]
    limits: list[Row]
    words: list[Row]

    @classmethod
    def from_release(cls, connection: duckdb.DuckDBPyConnection, month: date) -> "Reference":
        """Read them from a built database that holds the month."""
        return cls(
            month=month,
            **{
                field.name: _rows(connection, QUERIES[field.name], month)
                for field in fields(cls)
                if field.name in QUERIES
            },
        )

    @classmethod
    def from_seeds(cls, project: Project, month: date) -> "Reference":
        """Read them from the seed files, before anything is built; takes a fifth of a second.

        Raises:
            BrokenSeedError: a seed that is not there or cannot be read as its YAML declares it.
        """
        models = re.findall(r"\bintermediate\.(\w+)", " ".join(QUERIES.values()))
        with rules_database(project, [month], models) as connection:
            try:
                return cls.from_release(connection, month)
            except duckdb.Error as error:
                raise BrokenSeedError("seeds", error) from error

    @property
    def folder(self) -> str:
        """The month as its folder of seeds is called, such as 2023_06."""
        return f"{self.month:%Y_%m}"

    @property
    def label(self) -> str:
        """The month as people write it, such as 2023-06."""
        return f"{self.month:%Y-%m}"


def month_of(name: str) -> date:
    """First day of a month named like 2023_06 or 2023-06."""
    return date.fromisoformat(f"{name.replace('_', '-')}-01")


QUERIES = {
    "cities": """
        select cities.*
        from reference.cities
        semi join intermediate.int_cities_monthly as monthly
            on cities.city_code = monthly.city_code and monthly.score_month = $month
        order by city_code
    """,
    "units": """
        select units.* exclude (score_month), groups.group_name
        from intermediate.int_units_monthly as units
        inner join reference.groups using (group_code)
        where score_month = $month
        order by city_code, group_order, official_order, unit_id
    """,
    "aliases": """
        select aliases.alias_name, aliases.unit_id, units.city_code
        from reference.unit_aliases as aliases
        inner join intermediate.int_units_monthly as units using (unit_id)
        where score_month = $month
        order by unit_id, alias_name
    """,
    "groups": "from reference.groups order by group_order",
    "dimensions": "from reference.dimensions order by dimension_order",
    "feeds": "from reference.feeds order by feed_order",
    "feed_columns": "from reference.feed_columns order by feed_code, column_order",
    "city_metrics": "from reference.city_metrics order by rowid",
    "indicators": """
        select indicators.*
        from reference.indicators
        inner join reference.dimensions using (dimension_code)
        semi join intermediate.int_group_indicators_monthly as monthly
            on indicators.indicator_code = monthly.indicator_code and monthly.score_month = $month
        order by dimension_order, indicator_order
    """,
    "group_indicators": """
        select monthly.* exclude (score_month)
        from intermediate.int_group_indicators_monthly as monthly
        inner join reference.groups using (group_code)
        inner join reference.dimensions using (dimension_code)
        inner join reference.indicators using (indicator_code)
        where score_month = $month
        order by group_order, dimension_order, indicator_order
    """,
    "weights": """
        select weights.* exclude (score_month)
        from intermediate.int_dimension_weights_monthly as weights
        inner join reference.groups using (group_code)
        inner join reference.dimensions using (dimension_code)
        where score_month = $month
        order by city_code, group_order, dimension_order
    """,
    "annexes": """
        select * exclude (score_month)
        from intermediate.int_annexes_monthly
        where score_month = $month
        order by annex_no
    """,
    "annex_columns": """
        select * exclude (score_month)
        from intermediate.int_annex_columns_monthly
        where score_month = $month
        order by annex_no, column_no
    """,
    "errata": """
        select * exclude (score_month)
        from intermediate.int_errata
        where score_month = $month
        order by erratum_id
    """,
    "corrections": """
        select * exclude (score_month)
        from intermediate.int_cell_corrections
        where score_month = $month
        order by erratum_id, feed, row_no, column_name
    """,
    "imputed": """
        select * exclude (score_month)
        from intermediate.int_imputed_cells
        where score_month = $month
        order by erratum_id, unit_name, indicator_code
    """,
    "limits": """
        select * exclude (score_month)
        from intermediate.int_plausibility_limits_monthly
        where score_month = $month
        order by measure_code
    """,
    "words": "from reference.intake_words order by rowid",
}


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, month: date) -> list[Row]:
    cursor = connection.execute(sql.replace("$month", f"date '{month}'"))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
