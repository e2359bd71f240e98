"""The description of a month's tables as a Data Package 2.0 (https://datapackage.org)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ywtb.exports.corrections import notices
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row, rows
from ywtb.release.releases import begun_at

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

UNIT = {"unit_id": "dim_units"}
INDICATOR = {"indicator_code": "dim_indicators"}
RULE = {"rule_id": "dim_rules"}

EXPLAINING: Mapping[str, Mapping[str, str]] = {
    "audit.points_lost_ledger": {**UNIT, **INDICATOR, **RULE},
    "audit.errata_in_force": {},
    "audit.adjustments_in_force": UNIT,
    "audit.revisions": {},
    "intermediate.int_dimension_weights_monthly": {},
    "intermediate.int_group_indicators_monthly": {**INDICATOR, **RULE},
    "reference.groups": {},
    "reference.dimensions": {},
    "reference.rule_bases": {},
}
"""What is exported besides the annexes and all other tables of `marts`, and, since the database
declares none there, the columns by which their rows belong to rows of other tables: of the same
month as all of the package, since a key of two columns may not be half empty."""

CODES = {"group_code": "groups", "dimension_code": "dimensions", "basis": "rule_bases"}
"""Columns by which seeds are referred to, which the database does not declare either."""

KEYS = {
    **{table: [code] for code, table in CODES.items()},
    "dimension_weights": ["score_month", "city_code", "group_code", "dimension_code"],
    "group_indicators": ["score_month", "group_code", "indicator_code"],
}
"""Primary keys that it does not declare."""

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

LICENCE = {"name": "notspecified", "title": "发布单位未另行声明使用许可"}
"""By the list of the Open Definition: no office has said anything else."""

DESCRIPTION = (
    "每张表一个 CSV（csv/）和一个 Parquet（parquet/），内容相同。"
    "CSV 为带 BOM 的 UTF-8，空白即无数值（不适用或缺失）。"
    "分数为十进制精确值，请勿以二进制浮点数计算；百分率以 0 至 100 的数表示。"
    "CSV 中可能被电子表格当作公式或日期的文本，前面加有一个单引号 '，读取时去掉开头的一个即为原文；"
    "Parquet 中没有这个引号。字段说明取自数据库注释，unit 为计量单位。"
)


@dataclass(frozen=True)
class PackageTable:
    """A table of the package.

    Attributes:
        source: its `schema.table` in the release.
        columns: rows of `duckdb_columns()`, with the printed heading of an annex as `title`.
        keys: rows of `duckdb_constraints()`: primary and foreign keys.
    """

    source: str
    title: str
    description: str
    columns: tuple[Row, ...]
    keys: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Name of the table and of its files; a month's rows need not be called monthly."""
        name = self.source.partition(".")[2]
        return name.removeprefix("int_").removesuffix("_monthly")

    @property
    def types(self) -> dict[str, str]:
        """Types of the columns in the database, by name."""
        return {column["column_name"]: column["data_type"] for column in self.columns}


def package_tables(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth
) -> list[PackageTable]:
    """The annexes, the other marts and what explains them, as the release describes them.

    Of an annex only the columns that it has in the month are taken.
    """
    described = {
        kind: grouped(
            rows(
                connection,
                f"select *, schema_name || '.' || table_name as source from duckdb_{kind}() "  # noqa: S608
                f"order by source, {order}",
            ),
            "source",
        )
        for kind, order in (
            ("tables", "table_oid"),
            ("columns", "column_index"),
            ("constraints", "constraint_index"),
        )
    }
    annexes = {
        source: annex
        for annex in month.annexes
        for source in [f"marts.{annex.mart}"]
        if source in month.tables
    }
    marts = [
        source
        for source in sorted(month.tables)
        if source.startswith("marts.") and not source.startswith("marts.annex_")
    ]

    def table(source: str) -> PackageTable:
        description = described["tables"][source][0]["comment"]
        title = description.partition("。")[0]
        columns = described["columns"][source]
        if source in annexes:
            annex = annexes[source]
            title = f"附件{annex.number} {annex.title}"
            headings = {column.name: column.label for column in annex.columns}
            kept = {"score_month": None, **headings, "city_code": None}
            columns = [
                {**each, "title": kept[each["column_name"]]}
                for each in columns
                if each["column_name"] in kept
            ]
        keys = described["constraints"].get(source, [])
        return PackageTable(source, title, description, tuple(columns), tuple(keys))

    return [table(source) for source in (*annexes, *marts, *EXPLAINING)]


def package_name(month: ReleaseMonth) -> str:
    """How programs call the tables of the month."""
    return f"ywtb-{month.month}"


def package_title(month: ReleaseMonth) -> str:
    """How people call the tables of the month."""
    remark = f"，{month.mark}" if month.mark else ""
    return f"{month.city['city_name']}“一网通办”考核数据（{month.month}{remark}）"


def package_version(month: ReleaseMonth) -> str:
    """A draft is version 0, what was published 1, with the number of its corrections."""
    return f"{int(month.mark is None)}.{len(notices(month))}.0"


def write_package(
    month: ReleaseMonth, tables: Sequence[PackageTable], folder: Path, release: str
) -> None:
    """Write `datapackage.json` for the files that are in the folder, made from a release."""
    resources = [
        {
            **_resource(folder, f"csv/{table.name}.csv", "table", table.title, table.description),
            "encoding": "utf-8",
            "schema": table_schema(table),
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
        "name": package_name(month),
        "title": package_title(month),
        "description": DESCRIPTION,
        "version": package_version(month),
        **({"created": begun_at(release).isoformat(), "release": release} if release else {}),
        "licenses": [LICENCE],
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


def table_schema(table: PackageTable) -> dict[str, Any]:
    """A table's columns and keys as a Table Schema (https://datapackage.org)."""
    keys = grouped(table.keys, "constraint_type")
    declared = [key["constraint_column_names"] for key in keys.get("PRIMARY KEY", [])]
    primary = declared[0] if declared else KEYS.get(table.name)
    references = [
        _reference(
            key["constraint_column_names"], key["referenced_table"], key["referenced_column_names"]
        )
        for key in keys.get("FOREIGN KEY", [])
    ]
    for code, target in {**CODES, **EXPLAINING.get(table.source, {})}.items():
        if code in table.types and table.name != target:
            references.append(_reference([code], target, [code]))
    return {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        **({"primaryKey": primary} if primary else {}),
        **({"foreignKeys": references} if references else {}),
    }


def _reference(fields: Sequence[str], target: str, columns: Sequence[str]) -> dict[str, Any]:
    return {"fields": fields, "reference": {"resource": target, "fields": columns}}


def described(column: Row) -> tuple[str, str]:
    """What a column is called in Chinese, as printed if it is an annex's, and what it means."""
    chinese = column["comment"].split("\n")[0]
    name, _, meaning = chinese.partition("。")
    return column.get("title") or name, meaning


def unit_of(column: Row) -> str | None:
    """Unit of measure of a column, if it has one."""
    name = f"_{column['column_name']}"
    is_number = column["data_type"] == "INTEGER" or column["data_type"].startswith("DECIMAL")
    units = (unit for end, unit in MEASURES.items() if name.endswith(f"_{end}"))
    return next(units, None) if is_number else None


def _field(column: Row) -> dict[str, Any]:
    kind = "number" if column["data_type"].startswith("DECIMAL") else TYPES[column["data_type"]]
    field = {
        "name": column["column_name"],
        "type": kind,
        "title": described(column)[0],
        "description": column["comment"],
        "unit": unit_of(column),
    }
    if not column["is_nullable"]:
        field["constraints"] = {"required": True}
    return {name: value for name, value in field.items() if value}
