"""What a month's rules say: units, indicators, ranges, maximum points, weights.

The suites in `expectations/` name no unit, range, cap or weight; they take them from here.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ywtb.project import Project

Row = dict[str, Any]


@dataclass(frozen=True)
class Metadata:
    """The rules in force in one month, as rows of the reference seeds, numbers as `Decimal`.

    Attributes:
        month: first day of the month.
        units: unit_id, unit_name, group_code; in official order.
        groups: group_code, group_name.
        dimensions: dimension_code, dimension_name; in order.
        weights: weight by (group_code, dimension_code).
        indicators: indicator_code, indicator_name, dimension_code, value_type, valid_min,
            valid_max, is_required; in order.
        max_points: maximum points by (group_code, indicator_code) of every indicator that the
            group reports; None where it is shown only.
        aliases: alias_name, unit_id.
        city_metrics: metric_code, metric_name, value_type.
        annex_columns: mart_name, column_name; in printed order.
        limits: the most that a figure plausibly changes in a month, by measure_code.
    """

    month: date
    units: list[Row]
    groups: list[Row]
    dimensions: list[Row]
    weights: dict[tuple[str, str], Decimal]
    indicators: list[Row]
    max_points: dict[tuple[str, str], Decimal | None]
    aliases: list[Row]
    city_metrics: list[Row]
    annex_columns: list[Row]
    limits: dict[str, Decimal]

    @property
    def folder(self) -> str:
        """The month as its folder is called, such as `2023_06`."""
        return f"{self.month:%Y_%m}"

    @property
    def label(self) -> str:
        """The month as people write it, such as `2023-06`."""
        return f"{self.month:%Y-%m}"

    @property
    def group_codes(self) -> list[str]:
        """Groups, in order."""
        return [group["group_code"] for group in self.groups]

    def groups_reporting(self, indicator: str) -> list[str]:
        """Groups that report an indicator, in order."""
        return [code for code in self.group_codes if (code, indicator) in self.max_points]

    def scored_indicators(self, group: str, dimension: str) -> dict[str, Decimal]:
        """Maximum points of the indicators that carry any, by code."""
        return {
            row["indicator_code"]: most
            for row in self.indicators
            if row["dimension_code"] == dimension
            and (most := self.max_points.get((group, row["indicator_code"]))) is not None
        }

    def units_of(self, groups: list[str]) -> list[str]:
        """Names of the units of some groups, in official order."""
        return [unit["unit_name"] for unit in self.units if unit["group_code"] in groups]

    def total(self, group: str) -> Decimal:
        """The most that a unit of a group can reach: its weights together."""
        return sum((weight for (code, _), weight in self.weights.items() if code == group), _ZERO)


_ZERO = Decimal(0)


def month_of(folder: str) -> date:
    """First day of a month named like `2023_06`."""
    year, month = folder.split("_")
    return date(int(year), int(month), 1)


def from_seeds(project: Project, month: date) -> Metadata:
    """The rules in force in a month, from the seed files, before anything is built."""
    reference = project.reference
    annexes = {row["annex_no"]: row["mart_name"] for row in reference("annexes")}
    return _metadata(
        month,
        units=_in_force(reference("units"), ("unit_id",), month),
        groups=reference("groups"),
        dimensions=reference("dimensions"),
        weights=_in_force(reference("dimension_weights"), ("group_code", "dimension_code"), month),
        indicators=reference("indicators"),
        group_indicators=_in_force(
            reference("group_indicators"), ("group_code", "indicator_code"), month
        ),
        aliases=reference("unit_aliases"),
        city_metrics=reference("city_metrics"),
        annex_columns=[
            {**row, "mart_name": annexes[row["annex_no"]]} for row in reference("annex_columns")
        ],
        limits=_in_force(reference("plausibility_limits"), ("measure_code",), month),
    )


def from_release(connection: duckdb.DuckDBPyConnection, month: date) -> Metadata:
    """The rules in force in a month, from a built release."""

    def read(sql: str) -> list[Row]:
        cursor = connection.execute(sql, [month] if "?" in sql else [])
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    in_month = "where score_month = ?"
    return _metadata(
        month,
        units=read(f"from intermediate.int_units_monthly {in_month}"),
        groups=read("from reference.groups"),
        dimensions=read("from reference.dimensions"),
        weights=read(f"from intermediate.int_dimension_weights_monthly {in_month}"),
        indicators=read("from reference.indicators"),
        group_indicators=read(f"from intermediate.int_group_indicators_monthly {in_month}"),
        aliases=read("from reference.unit_aliases"),
        city_metrics=read("from reference.city_metrics"),
        annex_columns=read(
            "from reference.annex_columns inner join reference.annexes using (annex_no)"
        ),
        limits=_in_force(read("from reference.plausibility_limits"), ("measure_code",), month),
    )


def _metadata(month: date, **rows: list[Row]) -> Metadata:
    dimension_order = {
        row["dimension_code"]: int(row["dimension_order"]) for row in rows["dimensions"]
    }
    group_order = {row["group_code"]: int(row["group_order"]) for row in rows["groups"]}
    indicators = [
        {
            **row,
            "valid_min": _decimal(row["valid_min"]),
            "valid_max": _decimal(row["valid_max"]),
            "is_required": str(row["is_required"]).lower() == "true",
        }
        for row in rows["indicators"]
    ]
    return Metadata(
        month=month,
        units=sorted(
            rows["units"],
            key=lambda row: (group_order[row["group_code"]], int(row["official_order"])),
        ),
        groups=sorted(rows["groups"], key=lambda row: int(row["group_order"])),
        dimensions=sorted(rows["dimensions"], key=lambda row: int(row["dimension_order"])),
        weights={
            (row["group_code"], row["dimension_code"]): Decimal(row["weight"])
            for row in rows["weights"]
        },
        indicators=sorted(
            indicators,
            key=lambda row: (dimension_order[row["dimension_code"]], int(row["indicator_order"])),
        ),
        max_points={
            (row["group_code"], row["indicator_code"]): _decimal(row["max_points"])
            for row in rows["group_indicators"]
        },
        aliases=rows["aliases"],
        city_metrics=rows["city_metrics"],
        annex_columns=sorted(rows["annex_columns"], key=lambda row: int(row["column_no"])),
        limits={row["measure_code"]: Decimal(row["limit_value"]) for row in rows["limits"]},
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(value)


def _in_force(rows: list[Row], key: tuple[str, ...], month: date) -> list[Row]:
    """Of every key the newest version not after the month, unless it has ended (`in_force`)."""
    newest: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: str(row["valid_from"])):
        if str(row["valid_from"]) <= str(month):
            newest[tuple(row[column] for column in key)] = row
    return [
        row for row in newest.values() if not row["valid_to"] or str(row["valid_to"]) >= str(month)
    ]


def load_yaml(path: Path) -> Row:
    """A YAML file that holds a mapping."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
