"""Where columns come from, as `make docs WITH=lineage` shows it."""

import json

import pytest

from conftest import Sandbox

ANNEX = ("model.ywtb.annex_01_group_a_summary", "composite_score")
CELL = ("model.ywtb.stg_bulletin__cells", "printed_value")


@pytest.mark.needs("dbt_colibri")
def test_an_annex_total_is_traced_to_the_cells_of_monthly_files(june_copy: Sandbox) -> None:
    root = june_copy.root
    for program, *arguments in (
        ("dbt", "--quiet", "docs", "generate", "--target", "published"),
        ("colibri", "generate", "--disable-telemetry", "--output-dir", "target/lineage"),
    ):
        done = june_copy.run(*arguments, program=program)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (root / "target" / "lineage" / "index.html").is_file()
    lineage = json.loads((root / "target" / "lineage" / "colibri-manifest.json").read_text())
    found, left = set(), [ANNEX]
    while left:
        column = left.pop()
        found.add(column)
        left += {
            (edge["source"], edge["sourceColumn"])
            for edge in lineage["lineage"]["edges"]
            if (edge["target"], edge["targetColumn"]) == column
        } - found
    assert CELL in found
