"""The tables of a month as a data contract in the Open Data Contract Standard 3.1 (https://bitol.io).

What the models enforce and their tests assert is read from the release, which keeps both, so that
`datacontract test` holds the files beside the contract to what dbt held the tables to.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ywtb.exports.data.data_package import (
    PackageTable,
    package_name,
    package_title,
    package_version,
    table_schema,
)
from ywtb.exports.release_month import ReleaseMonth

CHECKS = "audit.release_checks"
"""Data tests that hold for the release; a test is named after its model, then what it asserts."""


def write_contract(month: ReleaseMonth, tables: Sequence[PackageTable], folder: Path) -> None:
    """Write `datacontract.odcs.yaml` for the Parquet files that are in the folder."""
    contract = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": package_name(month),
        "name": package_title(month),
        "version": package_version(month),
        "status": "draft" if month.stage == "draft" else "active",
        "team": {"name": month.city["office_name"]},
        "servers": [
            {
                "server": "parquet",
                "type": "local",
                "path": "parquet/{model}.parquet",
                "format": "parquet",
            }
        ],
        "schema": [_object(month, table) for table in tables],
    }
    text = yaml.safe_dump(contract, allow_unicode=True, sort_keys=False, width=100)
    (folder / "datacontract.odcs.yaml").write_text(text, encoding="utf-8")


def _object(month: ReleaseMonth, table: PackageTable) -> dict[str, Any]:
    schema = table_schema(table)
    keys = schema.get("primaryKey", [])
    relationships = [
        {
            "type": "foreignKey",
            "from": [f"{table.name}.{field}" for field in key["fields"]],
            "to": [f"{target['resource']}.{field}" for field in target["fields"]],
        }
        for key in schema.get("foreignKeys", [])
        for target in [key["reference"]]
    ]
    checks = [
        {"type": "text", "name": check["check_name"], "description": check["description"]}
        for check in month.tables.get(CHECKS, ())
        if check["check_name"].startswith(f"{table.name}__") and check["description"]
    ]
    return {
        "name": table.name,
        "logicalType": "object",
        "physicalType": "table",
        "businessName": table.title,
        "description": table.description,
        "properties": [
            dict(_property(field, table.types[field["name"]], keys)) for field in schema["fields"]
        ],
        **({"relationships": relationships} if relationships else {}),
        **({"quality": checks} if checks else {}),
    }


def _property(field: dict[str, Any], kind: str, keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
    yield "name", field["name"]
    yield "logicalType", "timestamp" if field["type"] == "datetime" else field["type"]
    yield "physicalType", kind
    if "title" in field:
        yield "businessName", field["title"]
    if "description" in field:
        yield "description", field["description"]
    if "constraints" in field:
        yield "required", True
    if field["name"] in keys:
        yield "primaryKey", True
        yield "primaryKeyPosition", keys.index(field["name"]) + 1
    if "unit" in field:
        yield "customProperties", [{"property": "unit", "value": field["unit"]}]
