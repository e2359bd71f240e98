"""What leaves: the annexes and facts of a built release as frames, and frames that compare them."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from ywtb.expectations.frames import (
    SCORE,
    ZERO,
    Frame,
    column_titles,
    indicator_values,
    percent_range,
    score_columns,
)
from ywtb.expectations.metadata import Metadata, Row, from_release

SUMMARY_GROUPS = {
    "annex_01_group_a_summary": ["A"],
    "annex_02_group_b_summary": ["B"],
    "annex_03_county_summary": ["county"],
}
CONSTRUCTION_ANNEXES = ("annex_07_department_construction", "annex_10_county_construction")
SERVICE_ITEM_ANNEXES = ("annex_04_department_service_items", "annex_08_county_service_items")
FACTS = (
    "fct_observations",
    "fct_indicator_scores",
    "fct_dimension_scores",
    "fct_composite_scores",
    "fct_monthly_changes",
    "fct_year_to_date_scores",
    "fct_city_metrics",
)


class Release:
    """The marts of a built database, read once; rows by table and month."""

    def __init__(self, database: Path) -> None:
        """Read every mart and the rules of every month.

        Raises:
            duckdb.Error: the file is not a built release.
        """
        with duckdb.connect(str(database), read_only=True) as connection:
            found = connection.execute("from intermediate.int_score_months order by score_month")
            self.months: list[date] = [month for (month,) in found.fetchall()]
            self.metadata = {month: from_release(connection, month) for month in self.months}
            self._rows: dict[tuple[str, date], list[Row]] = {}
            self.columns: dict[str, list[str]] = {}
            for (table,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall():
                self._load(connection, table, f"marts.{table}")
            self._load(connection, "adjustments_in_force", "audit.adjustments_in_force")

    def _load(self, connection: duckdb.DuckDBPyConnection, name: str, table: str) -> None:
        cursor = connection.execute(f"from {table} order by all")
        columns = [column[0] for column in cursor.description or []]
        self.columns[name] = columns[1:]
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            self._rows.setdefault((name, row.pop("score_month")), []).append(row)

    def rows(self, table: str, month: date) -> list[Row]:
        """Copies of a table's rows of a month, without score_month."""
        return [dict(row) for row in self._rows.get((table, month), [])]


def mart_frames(release: Release, months: Iterable[date]) -> Iterator[Frame]:
    """Every annex and fact of each month, and the frames that compare them."""
    for month in months:
        metadata = release.metadata[month]
        for table in dict.fromkeys(row["mart_name"] for row in metadata.annex_columns):
            yield _annex(release, metadata, table)
        for table in FACTS:
            yield _fact(release, metadata, table)
        yield _cross_annex(release, metadata)
        yield _changes(release, metadata, "month_over_month_scores")
        yield _changes(release, metadata, "month_over_month_observations")


def _unit_rows(release: Release, metadata: Metadata, table: str) -> list[Row]:
    """Rows of a table, with the group that the month's roll gives for the unit's name."""
    units = {unit["unit_name"]: unit["group_code"] for unit in metadata.units}
    rows = release.rows(table, metadata.month)
    for row in rows:
        row.setdefault("group_code", units.get(row["unit_name"]))
    return rows


def _annex_groups(metadata: Metadata, table: str, columns: list[str]) -> list[str]:
    """Groups that an annex lists: those that report all its indicators."""
    if table in SUMMARY_GROUPS:
        return SUMMARY_GROUPS[table]
    known = {row["indicator_code"] for row in metadata.indicators}
    codes = [column for column in columns if column in known]
    return [
        group
        for group in metadata.group_codes
        if all((group, code) in metadata.max_points for code in codes)
        and ("county" in table) == (group == "county")
    ]


def _annex(release: Release, metadata: Metadata, table: str) -> Frame:
    columns = release.columns[table]
    groups = _annex_groups(metadata, table, columns)
    names = {group["group_code"]: group["group_name"] for group in metadata.groups}
    rows = _unit_rows(release, metadata, table)
    for row in rows:
        row["roll_group_name"] = names.get(row["group_code"])
    indicators = [row for row in metadata.indicators if row["indicator_code"] in columns]
    units = metadata.units_of(groups)
    scores = [row for row in score_columns(metadata, groups) if row["column"] in columns]
    for row in scores:
        weight = metadata.weights.get((groups[0], row["dimension_code"] or ""))
        row["weight"] = metadata.total(groups[0]) if weight is None else weight
    return Frame(
        name=table,
        metadata=metadata,
        rows=rows,
        columns=[*columns, "group_code", "roll_group_name"],
        source=None,
        values={"unit_names": units, "unit_count": len(units)},
        lists={
            "indicators": [indicator_values(metadata, row, groups) for row in indicators],
            "scores": scores,
        },
        titles={**column_titles(metadata), "group_name": "组别"},
    )


def _fact(release: Release, metadata: Metadata, table: str) -> Frame:
    rows = release.rows(table, metadata.month)
    columns = list(release.columns[table])
    indicators = {row["indicator_code"]: row for row in metadata.indicators}
    sizes = {group: len(metadata.units_of([group])) for group in metadata.group_codes}
    for row in rows:
        group = row.get("group_code", "")
        if "indicator_code" in row:
            indicator = indicators.get(row["indicator_code"], {})
            for name in ("valid_min", "valid_max", "is_required"):
                row[name] = indicator.get(name)
            row["rule_max_points"] = metadata.max_points.get((group, row["indicator_code"]))
        elif "dimension_code" in row:
            row["rule_weight"] = metadata.weights.get((group, row["dimension_code"]))
        elif "exact_score" in row:
            row["group_size"] = sizes.get(group)
        elif "metric_code" in row:
            row["is_percent"] = row["value_unit"] == "%"
    if rows:
        columns = list(rows[0])
    return Frame(
        name=table,
        metadata=metadata,
        rows=rows,
        columns=columns,
        values={
            "observation_count": sum(sizes[group] for group, _ in metadata.max_points),
            **percent_range(metadata),
        },
        lists={"totals": [{"column": "exact_score"}, {"column": "composite_score"}]},
        titles={**column_titles(metadata), "points": "得分", "score": "得分", "obs_value": "值"},
    )


def _cross_annex(release: Release, metadata: Metadata) -> Frame:
    """One row per unit: what one annex prints beside what another table says it should.

    `printed_*` stands in annexes 1-3; `fact_*` is the fact, rounded half up to the printed
    places; `construction_sum` comes from annexes 7 and 10, `service_items_is_clean` from 4 and 8.
    The last two are None where an annex does not print everything that is scored.
    """
    facts, adjusted = _facts_by_unit(release, metadata)
    printed = _by_unit(release, metadata.month, SUMMARY_GROUPS)
    construction = _by_unit(release, metadata.month, CONSTRUCTION_ANNEXES)
    service_items = _by_unit(release, metadata.month, SERVICE_ITEM_ANNEXES)
    scores = [row["column"] for row in score_columns(metadata, metadata.group_codes)]
    rows = []
    for unit in metadata.units:
        name, group = unit["unit_name"], unit["group_code"]
        annex, fact = printed.get(name, {}), facts.get(name, {})
        row: Row = {"unit_name": name, "group_code": group, "is_printed": name in printed}
        for column in [*scores, "sequence_no"]:
            row[f"printed_{column}"] = annex.get(column)
            row[f"fact_{column}"] = _rounded_like(fact.get(column), annex.get(column))
        row["construction_sum"] = _rounded_like(
            _points_sum(
                metadata, group, construction.get(name, {}), adjusted.get((name, "construction"))
            ),
            annex.get("construction_score"),
        )
        counted = metadata.scored_indicators(group, "service_items")
        counts = [service_items.get(name, {}).get(code, "lacking") for code in counted]
        row["service_items_is_clean"] = (
            None if "lacking" in counts else not any(count for count in counts)
        )
        score = annex.get("service_items_score")
        lost = adjusted.get((name, "service_items"), ZERO)
        row["service_items_is_full"] = (
            None if score is None else score - lost == metadata.weights[group, "service_items"]
        )
        rows.append(row)
    return Frame(
        name="cross_annex",
        metadata=metadata,
        rows=rows,
        lists={"scores": score_columns(metadata, metadata.group_codes)},
        titles={
            **column_titles(metadata),
            "sequence_no": "序号",
            "service_items_is_full": "事项梳理得分",
        },
    )


def _facts_by_unit(
    release: Release, metadata: Metadata
) -> tuple[dict[str, Row], dict[tuple[str, str], Decimal]]:
    """Scores by unit name, in columns as annexes 1-3 call them; adjustments by unit, dimension."""
    facts: dict[str, Row] = {}
    for row in release.rows("fct_composite_scores", metadata.month):
        unit = facts.setdefault(row["unit_name"], {})
        unit.update(composite_score=row["composite_score"], sequence_no=row["sequence_no"])
    for row in release.rows("fct_dimension_scores", metadata.month):
        unit = facts.setdefault(row["unit_name"], {})
        unit[f"{row['dimension_code']}{SCORE}"] = row["score"]
    adjusted: dict[tuple[str, str], Decimal] = {}
    for row in release.rows("adjustments_in_force", metadata.month):
        key = (row["unit_name"], row["dimension_code"])
        adjusted[key] = adjusted.get(key, ZERO) + row["adjustment_points"]
    return facts, adjusted


def _by_unit(release: Release, month: date, tables: Iterable[str]) -> dict[str, Row]:
    return {row["unit_name"]: row for table in tables for row in release.rows(table, month)}


def _rounded_like(value: Decimal | int | None, printed: Decimal | int | None) -> Any:
    """The value rounded half up to the places of the printed one, None beside nothing printed."""
    if not isinstance(value, Decimal) or not isinstance(printed, Decimal):
        return value if printed is not None else None
    return value.quantize(Decimal(1).scaleb(int(printed.as_tuple().exponent)), ROUND_HALF_UP)


def _points_sum(
    metadata: Metadata, group: str, annex: Row, adjustment: Decimal | None
) -> Decimal | None:
    """The score that the points in a row of annex 7 or 10 come to.

    None printed earns the most, more than the most earns no more. None if the annex does not
    print everything that is scored, or the group is not assessed.
    """
    scored = metadata.scored_indicators(group, "construction")
    if not scored or not all(code in annex for code in scored):
        return None
    lost = [
        most - min(max(annex[code], ZERO), most)
        for code, most in scored.items()
        if annex[code] is not None
    ]
    score = metadata.weights[group, "construction"] - sum(lost, ZERO) + (adjustment or ZERO)
    return max(score, ZERO)


def _changes(release: Release, metadata: Metadata, name: str) -> Frame:
    """Changes against the last month that was built before this one; empty for the first.

    One row per unit that stands in both, or per unit and rate; `<measure>_limit` is the most
    that is plausible.
    """
    earlier = [month for month in release.months if month < metadata.month]
    rows: list[Row] = []
    if name == "month_over_month_scores":
        columns = ["unit_name", "composite_score_change", "score_rank_change"]
        key, table = ("unit_id", "group_code"), "fct_composite_scores"
    else:
        columns = ["unit_name", "indicator_name", "percent_change"]
        key, table = ("unit_id", "indicator_code"), "fct_observations"
    before = {
        tuple(row[column] for column in key): row
        for row in (release.rows(table, earlier[-1]) if earlier else [])
    }
    indicators = {row["indicator_code"]: row for row in metadata.indicators}
    for row in release.rows(table, metadata.month):
        last = before.get(tuple(row[column] for column in key))
        if last is None:
            continue
        changed: Row = {"unit_name": row["unit_name"]}
        if table == "fct_composite_scores":
            changed["composite_score_change"] = abs(
                row["composite_score"] - last["composite_score"]
            )
            changed["score_rank_change"] = Decimal(abs(row["score_rank"] - last["score_rank"]))
        else:
            indicator = indicators[row["indicator_code"]]
            if indicator["value_type"] != "percent" or None in (
                row["obs_value"],
                last["obs_value"],
            ):
                continue
            changed["indicator_name"] = indicator["indicator_name"]
            changed["percent_change"] = abs(row["obs_value"] - last["obs_value"])
        for column in columns:
            if column.endswith("_change"):
                changed[f"{column}_limit"] = metadata.limits.get(column)
        rows.append(changed)
    limits = [f"{column}_limit" for column in columns if column.endswith("_change")]
    return Frame(
        name=name,
        metadata=metadata,
        rows=rows,
        columns=[*columns, *limits],
        values={"earlier_month": f"{earlier[-1]:%Y-%m}" if earlier else "上月"},
        titles={
            "composite_score_change": "综合得分变动",
            "score_rank_change": "位次变动",
            "percent_change": "比率变动",
        },
    )
