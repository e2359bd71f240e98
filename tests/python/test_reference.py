"""What a month is measured by is the same from the seeds as from a release built of them."""

from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from conftest import Sandbox, edit
from intake_months import copy_seeds
from ywtb.assessment.reference import Reference, month_of
from ywtb.assessment.sql import BrokenSeedError
from ywtb.project import Project

JUNE, JULY = date(2023, 6, 1), date(2023, 7, 1)


def test_seeds_and_release_say_the_same(june: Sandbox) -> None:
    before = Reference.from_seeds(Project(june.root), JUNE)
    with closing(duckdb.connect(str(june.root / june.database), read_only=True)) as connection:
        after = Reference.from_release(connection, JUNE)
    assert before == after
    assert before.weights[0]["weight"] == Decimal(22)
    assert all(vars(before).values())


def test_a_month_that_is_not_built_has_the_rows_in_force(tmp_path: Path) -> None:
    project = copy_seeds(tmp_path)
    seeds = project.seeds / "reference"
    edit(
        seeds / "units.csv",
        "511700-A02,511700,市经信局,A,2,,2023-01-01,",
        "511700-A02,511700,市经信局,A,2,,2023-01-01,2023-06-01",
    )
    with (seeds / "dimension_weights.csv").open("a", encoding="utf-8") as file:
        file.write("licenses,A,15,2023-07-01,,\nlicenses,A,14,2023-07-01,,511700\n")
    june, july = (Reference.from_seeds(project, month) for month in (JUNE, JULY))
    assert len(june.units) == len(july.units) + 1
    assert "511700-A02" not in {row["unit_id"] for row in (*july.units, *july.aliases)}
    weights = {
        month.label: row["weight"]
        for month in (june, july)
        for row in month.weights
        if (row["dimension_code"], row["group_code"]) == ("licenses", "A")
    }
    assert weights == {"2023-06": 16, "2023-07": 14}
    assert june.errata and not july.errata and not july.corrections and not july.imputed


def test_a_broken_seed_is_named(tmp_path: Path) -> None:
    project = copy_seeds(tmp_path)
    edit(project.seeds / "reference" / "groups.csv", "A,A组,部门,1", "A,A组,部门,first")
    with pytest.raises(BrokenSeedError, match=r"groups\.csv"):
        Reference.from_seeds(project, month_of("2023-07"))
    (project.seeds / "reference" / "groups.csv").unlink()
    with pytest.raises(BrokenSeedError, match="groups"):
        Reference.from_seeds(project, month_of("2023_07"))
