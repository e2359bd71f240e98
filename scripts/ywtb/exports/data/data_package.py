"""The description of a month's tables as a Data Package 2.0 (https://datapackage.org)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ywtb.exports.release_month import Month

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

UNIT_KEY = ("score_month", "unit_id")
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "marts.fct_composite_scores": ("综合得分与名次", UNIT_KEY),
    "marts.fct_dimension_scores": ("各项得分", (*UNIT_KEY, "dimension_code")),
    "marts.fct_indicator_scores": ("各指标计分", (*UNIT_KEY, "indicator_code")),
    "marts.fct_observations": ("各指标数据及来源", (*UNIT_KEY, "indicator_code")),
    "marts.fct_monthly_changes": ("与上次相比的变化", UNIT_KEY),
    "marts.fct_year_to_date_scores": ("本年累计平均", UNIT_KEY),
    "marts.fct_city_metrics": ("全市指标", ("score_month", "metric_code")),
    "audit.points_lost_ledger": ("失分台账", ()),
    "audit.errata_in_force": ("勘误", ()),
    "audit.adjustments_in_force": ("得分调整", (*UNIT_KEY, "dimension_code", "erratum_id")),
    "audit.revisions": ("发布后的更正", ()),
    "reference.groups": ("组别", ("group_code",)),
    "reference.dimensions": ("考核项目", ("dimension_code",)),
    "reference.indicators": ("指标", ("indicator_code",)),
}
"""What is exported besides the annexes: title and primary key by table."""

REFERENCES = {
    "unit_id": "fct_composite_scores",
    "group_code": "groups",
    "dimension_code": "dimensions",
    "indicator_code": "indicators",
}
"""Tables that columns refer to."""

TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "INTEGER": "integer",
    "TIMESTAMP": "datetime",
    "VARCHAR": "string",
}
MEASURES = {
    "rate": "%",
    "count": "个",
    "points": "分",
    "points_lost": "分",
    "score": "分",
    "score_change": "分",
    "average": "分",
    "weight": "分",
}
"""Units of measure by how names of numeric columns end."""

DESCRIPTION = (
    "每张表一个 CSV（csv/）和一个 Parquet（parquet/），内容相同。"
    "CSV 为带 BOM 的 UTF-8，空白即无数值（不适用或缺失）。"
    "分数为十进制精确值，请勿以二进制浮点数计算；百分率以 0 至 100 的数表示。"
    "CSV 中可能被电子表格当作公式的文本，前面加有一个单引号 '，读取时去掉开头的一个即为原文；"
    "Parquet 中没有这个引号。字段说明取自数据库注释，unit 为计量单位。"
)


@dataclass(frozen=True)
class Field:
    """A column: its type in the database, whether it is always filled, and what it means."""

    name: str
    database_type: str
    is_required: bool
    title: str | None
    description: str | None


@dataclass(frozen=True)
class PackageTable:
    """A table of the package; `source` is its `schema.table` in the release."""

    source: str
    title: str
    description: str
    primary_key: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """Name of the table and of its files."""
        return self.source.partition(".")[2]


def package_tables(connection: duckdb.DuckDBPyConnection, month: Month) -> list[PackageTable]:
    """The annexes, the facts and what explains them, with types and comments of the release."""
    comments: dict[str, str] = dict(
        connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables()"
        ).fetchall()
    )
    columns: dict[str, list[tuple[str, str, bool, str | None]]] = {}
    for source, *column in connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type, not is_nullable, comment "
        "from duckdb_columns() order by schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault(source, []).append((column[0], column[1], column[2], column[3]))
    printed = {
        (f"marts.{annex.mart}", column.name): column.label
        for annex in month.annexes
        for column in annex.columns
    }
    annexes = {
        f"marts.{annex.mart}": (f"附件{annex.number} {annex.title}", ("score_month", "sequence_no"))
        for annex in month.annexes
    }
    return [
        PackageTable(
            source,
            title,
            comments[source],
            primary_key,
            tuple(
                Field(name, database_type, required, printed.get((source, name)), comment)
                for name, database_type, required, comment in columns[source]
            ),
        )
        for source, (title, primary_key) in {**annexes, **TABLES}.items()
    ]


def write_package(month: Month, tables: Sequence[PackageTable], folder: Path) -> None:
    """Write `datapackage.json` for the files that are in the folder."""
    city = month.city
    resources = []
    for table in tables:
        resources.append(
            {
                "name": table.name,
                "type": "table",
                "title": table.title,
                "description": table.description,
                **_file(folder, f"csv/{table.name}.csv", "csv", "text/csv"),
                "encoding": "utf-8",
                "schema": _schema(table),
            }
        )
    for table in tables:
        path = f"parquet/{table.name}.parquet"
        resources.append(
            {
                "name": f"{table.name}_parquet",
                "type": "file",
                "title": f"{table.title}（Parquet）",
                **_file(folder, path, "parquet", "application/vnd.apache.parquet"),
            }
        )
    for name, title in (("scores", "各单位得分"), ("scores.schema", "各单位得分的 JSON Schema")):
        resources.append(
            {
                "name": name,
                "type": "json",
                "title": title,
                **_file(folder, f"{name}.json", "json", "application/json"),
                "encoding": "utf-8",
            }
        )
    package = {
        "$schema": PROFILE,
        "name": f"ywtb-{month.month}",
        "title": f"{city['city_name']}“一网通办”考核数据（{month.month}）",
        "description": DESCRIPTION,
        "contributors": [{"title": city["office_name"], "roles": ["publisher"]}],
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=2)
    (folder / "datapackage.json").write_text(f"{text}\n", encoding="utf-8")


def _file(folder: Path, path: str, file_format: str, media_type: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    return {
        "path": path,
        "format": file_format,
        "mediatype": media_type,
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _schema(table: PackageTable) -> dict[str, Any]:
    names = [field.name for field in table.fields]
    references = []
    for name, target in REFERENCES.items():
        if name in names and table.name != target:
            key = ["score_month", name] if name == "unit_id" else [name]
            references.append({"fields": key, "reference": {"resource": target, "fields": key}})
    schema: dict[str, Any] = {
        "fields": [_described(field) for field in table.fields],
        "missingValues": [""],
    }
    if table.primary_key:
        schema["primaryKey"] = list(table.primary_key)
    if references:
        schema["foreignKeys"] = references
    return schema


def _described(field: Field) -> dict[str, Any]:
    is_decimal = field.database_type.startswith("DECIMAL")
    described: dict[str, Any] = {
        "name": field.name,
        "type": "number" if is_decimal else TYPES[field.database_type],
    }
    if field.title:
        described["title"] = field.title
    if field.description:
        described["description"] = field.description
    if is_decimal or field.database_type == "INTEGER":
        endings = [ending for ending in MEASURES if f"_{field.name}".endswith(f"_{ending}")]
        if endings:
            described["unit"] = MEASURES[endings[0]]
    if field.is_required:
        described["constraints"] = {"required": True}
    return described
