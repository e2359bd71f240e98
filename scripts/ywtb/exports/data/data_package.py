"""The description of a month's tables as a Data Package 2.0 (https://datapackage.org)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row, rows

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
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
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
class PackageTable:
    """A table of the package; `source` is its `schema.table` in the release.

    `columns` are rows of `duckdb_columns()`, with the printed heading of an annex as `title`.
    """

    source: str
    title: str
    description: str
    primary_key: tuple[str, ...]
    columns: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Name of the table and of its files."""
        return self.source.partition(".")[2]

    @property
    def types(self) -> dict[str, str]:
        """Types of the columns in the database, by name."""
        return {column["column_name"]: column["data_type"] for column in self.columns}


def package_tables(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth
) -> list[PackageTable]:
    """The annexes, the facts and what explains them, with types and comments of the release."""
    comments = dict(
        connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables()"
        ).fetchall()
    )
    columns = grouped(
        rows(
            connection,
            "select schema_name || '.' || table_name as source, column_name, data_type, "
            "is_nullable, comment from duckdb_columns() order by source, column_index",
        ),
        "source",
    )
    annexes = {
        f"marts.{annex.mart}": (f"附件{annex.number} {annex.title}", ("score_month", "sequence_no"))
        for annex in month.annexes
    }
    headings = {
        (f"marts.{annex.mart}", column.name): column.label
        for annex in month.annexes
        for column in annex.columns
    }
    return [
        PackageTable(
            source,
            title,
            comments[source],
            key,
            tuple(
                {**column, "title": headings.get((source, column["column_name"]))}
                for column in columns[source]
            ),
        )
        for source, (title, key) in {**annexes, **TABLES}.items()
    ]


def write_package(month: ReleaseMonth, tables: Sequence[PackageTable], folder: Path) -> None:
    """Write `datapackage.json` for the files that are in the folder."""
    resources = [
        {
            **_resource(folder, f"csv/{table.name}.csv", "table", table.title, table.description),
            "encoding": "utf-8",
            "schema": _schema(table),
        }
        for table in tables
    ]
    resources += [
        {
            **_resource(
                folder, f"parquet/{table.name}.parquet", "file", f"{table.title}（Parquet）"
            ),
            "name": f"{table.name}_parquet",
        }
        for table in tables
    ]
    resources += [
        {**_resource(folder, f"{name}.json", "json", title), "encoding": "utf-8"}
        for name, title in (("scores", "各单位得分"), ("scores.schema", "各单位得分的 JSON Schema"))
    ]
    package = {
        "$schema": PROFILE,
        "name": f"ywtb-{month.month}",
        "title": f"{month.city['city_name']}“一网通办”考核数据（{month.month}）",
        "description": DESCRIPTION,
        "contributors": [{"title": month.city["office_name"], "roles": ["publisher"]}],
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=2)
    (folder / "datapackage.json").write_text(f"{text}\n", encoding="utf-8")


def _resource(
    folder: Path, path: str, kind: str, title: str, description: str | None = None
) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    name, _, file_format = path.rpartition("/")[2].rpartition(".")
    return {
        "name": name,
        "type": kind,
        "title": title,
        **({"description": description} if description else {}),
        "path": path,
        "format": file_format,
        "mediatype": MEDIA_TYPES[file_format],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _schema(table: PackageTable) -> dict[str, Any]:
    references = []
    for name, target in REFERENCES.items():
        if name in table.types and table.name != target:
            key = ["score_month", name] if name == "unit_id" else [name]
            references.append({"fields": key, "reference": {"resource": target, "fields": key}})
    return {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        **({"primaryKey": list(table.primary_key)} if table.primary_key else {}),
        **({"foreignKeys": references} if references else {}),
    }


def _field(column: Row) -> dict[str, Any]:
    kind = "number" if column["data_type"].startswith("DECIMAL") else TYPES[column["data_type"]]
    field = {
        "name": column["column_name"],
        "type": kind,
        "title": column["title"],
        "description": column["comment"],
    }
    if kind in ("number", "integer"):
        name = f"_{column['column_name']}"
        field["unit"] = next((MEASURES[end] for end in MEASURES if name.endswith(f"_{end}")), None)
    if not column["is_nullable"]:
        field["constraints"] = {"required": True}
    return {name: value for name, value in field.items() if value}
