"""What dbt's documentation shows: nothing in it is without a description."""

from typing import Any

from dbt.contracts.graph.manifest import Manifest

from conftest import Sandbox
from ywtb.pipeline.dbt_build import TARGET_PATH, table_of
from ywtb.pipeline.dbt_docs import describe_monthly_files
from ywtb.project import Project

COLUMNS = "select table_schema || '.' || table_name, column_name from information_schema.columns"


def test_everything_is_described(three_months: Sandbox) -> None:
    parse = three_months.root / TARGET_PATH / "partial_parse.msgpack"
    manifest: Any = Manifest.from_msgpack(parse.read_bytes())
    describe_monthly_files(Project(three_months.root), manifest)
    nodes = {
        table_of(node): node
        for node in manifest.nodes.values()
        if node.resource_type in ("model", "seed")
    }
    macros = {
        macro.name: macro for macro in manifest.macros.values() if macro.package_name == "ywtb"
    }
    columns = [found for found in three_months.rows(COLUMNS) if found[0] in nodes]
    assert len(nodes) > 100 and len(macros) > 70 and len(columns) > 700
    undescribed = [name for name, each in (nodes | macros).items() if not each.description]
    undescribed += [
        f"{table}.{column}"
        for table, column in columns
        if column not in (described := nodes[table].columns) or not described[column].description
    ]
    undescribed += [
        f"{name}({argument.name})"
        for name, macro in macros.items()
        for argument in macro.arguments
        if not argument.description
    ]
    assert not undescribed
    licenses = nodes["raw.raw_licenses__2023_08"]
    assert licenses.description == "证照应用。各单位证照应用指标"
    assert licenses.columns["unit_name"].description == "单位"
    assert licenses.columns["seal_rate"].description.startswith("电子证照签章率。归集于")
