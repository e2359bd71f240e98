"""Spark builds what DuckDB builds: the same tables, types and rows."""

import importlib.util

import pytest

from conftest import Sandbox, copy_project

pytestmark = [
    pytest.mark.soak,
    pytest.mark.needs("java"),
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="needs pyspark: make test WITH=spark"
    ),
]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June, built by both, by Spark with the unit tests."""
    sandbox = copy_project(tmp_path_factory.mktemp("engines"))
    sandbox.build()
    done = sandbox.run("build", "--target=spark", program="dbt", tools=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return sandbox


def test_spark_builds_the_same_rows(engines: Sandbox) -> None:
    tables = engines.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE'"
    )
    assert tables
    different = [
        f"{schema}.{table}" for schema, table in tables if difference(engines, schema, table)
    ]
    assert not different


def test_spark_leaves_nothing_outside_its_folder(engines: Sandbox) -> None:
    assert not list(engines.root.glob("*derby*")) + list(engines.root.glob("*metastore*"))


def difference(engines: Sandbox, schema: str, table: str) -> list[tuple[object, ...]]:
    """Columns of other types, or rows that only one of both has."""
    path = engines.root / "warehouse" / "spark" / f"{schema}.db" / table / "*.parquet"
    built, parquet = f'{schema}."{table}"', f"read_parquet('{path}')"
    types = [engines.rows(f"describe select * from {relation}") for relation in (built, parquet)]
    if [row[:2] for row in types[0]] != [row[:2] for row in types[1]]:
        return types[1]
    return engines.rows(
        f"(from {built} except all from {parquet}) union all"
        f" (from {parquet} except all from {built})"
    )
