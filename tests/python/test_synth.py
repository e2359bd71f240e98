"""Made-up months of made-up cities: they build, have everything that can be, and stay the same."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Sandbox, copy_project, read_csv

CITIES, MONTHS, SEED = 3, 3, 11
OWN = "511700"


def synthesize(sandbox: Sandbox, out: Path, cities: int, months: int, *more: str) -> Any:
    size = ("--cities", str(cities), "--months", str(months), "--seed", str(SEED))
    done = sandbox.run("synth", *size, "--out", str(out), "--json", "--quiet", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A copy of the project, nothing built."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def made(project: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """April to June of three cities, June with the project's own city."""
    folder = tmp_path_factory.mktemp("made")
    before = contents(project.root)
    told = synthesize(project, folder / "out", CITIES, MONTHS, "--first-month", "2023-04")
    assert told["months"] == ["2023-04", "2023-05", "2023-06"]
    assert told["own_months"] == ["2023-06"]
    assert told["unit_months"] == CITIES * MONTHS * 49
    assert contents(project.root) == before
    assert [path.name for path in folder.iterdir()] == ["out"]
    return folder / "out"


@pytest.fixture(scope="module")
def built(project: Sandbox, made: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Its seeds laid over a copy of the project's, with all data tests passed."""
    sandbox = copy_project(tmp_path_factory.mktemp("built"))
    for name, content in contents(made / "seeds").items():
        path = sandbox.root / "seeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sandbox.list_months("2023_04", "2023_05", "2023_06", stage="draft")
    sandbox.build()
    return sandbox


@pytest.mark.soak
def test_losses_of_every_kind(built: Sandbox) -> None:
    """In every dimension, little and all; cells that are not applicable; totals that tie."""
    ours = f"city_code != '{OWN}'"
    assert (
        built.rows(
            "select dimension_code from marts.fct_dimension_scores "
            f"where {ours} group by all having not bool_or(score < weight)"
        )
        == []
    )
    assert (
        built.rows(
            "select dimension_code from marts.fct_indicator_scores "
            f"where {ours} and max_points > 0 group by all having count(distinct points) < 3"
        )
        == []
    )
    ((all_lost, all_earned),) = built.rows(
        "select count(*) filter (where points = 0), count(*) filter (where points = max_points) "
        f"from marts.fct_indicator_scores where {ours} and max_points > 0"
    )
    assert 0 < all_lost < all_earned
    statuses = built.rows(f"select distinct obs_status from marts.fct_observations where {ours}")
    assert {("A",), ("M",)} <= set(statuses)
    tied = (
        f"select distinct city_code, score_month from marts.fct_composite_scores where {ours} "
        "group by city_code, score_month, group_code having count(distinct exact_score) < count(*)"
    )
    assert len(built.rows(tied)) == CITIES * MONTHS


@pytest.mark.soak
def test_units_change(built: Sandbox) -> None:
    """Each city renames a unit, moves one, abolishes one and has a new one in its place."""
    changes = (
        "select count(distinct unit_id) from (select unit_id from marts.dim_units "
        f"where city_code != '{OWN}' group by unit_id having "
    )
    assert built.rows(f"{changes} count(distinct unit_name) > 1)") == [(2,)]
    assert built.rows(f"{changes} count(distinct group_code) > 1)") == [(2,)]
    assert built.rows(f"{changes} count(*) < {MONTHS})") == [(4,)]
    assert built.rows(
        "select distinct n from (select count(*) as n from marts.dim_units group by score_month, "
        "city_code)"
    ) == [(49,)]


@pytest.mark.soak
def test_the_projects_own_month_is_as_it_was(built: Sandbox, june: Sandbox) -> None:
    sql = (
        "select unit_id, exact_score, sequence_no from marts.fct_composite_scores "
        f"where city_code = '{OWN}' order by all"
    )
    assert built.rows(sql) == june.rows(sql)


def test_seeds_and_partitions_hold_the_same(made: Path) -> None:
    for path in sorted((made / "seeds" / "raw").rglob("*.csv")):
        feed, month = path.stem.removeprefix("raw_").split("__")
        files = made / "raw" / "city_code=*" / f"score_month={month.replace('_', '-')}-01"
        with closing(duckdb.connect()) as connection:
            found = connection.execute(
                f"select * from read_parquet('{files}/{feed}.parquet', hive_partitioning = true, "
                "hive_types_autocast = false)"
            )
            names = [column[0] for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        lines = read_csv(path)
        assert next(iter(lines[0])) == "city_code"
        assert {len(row) for row in rows} == {len(lines[0]) + 1}
        assert [{name: row[name] or "" for name in lines[0]} for row in rows] == lines


def test_a_city_and_a_month_are_the_same_among_more(
    project: Sandbox, made: Path, tmp_path: Path
) -> None:
    synthesize(project, tmp_path / "again", CITIES, MONTHS, "--first-month", "2023-04")
    assert contents(tmp_path / "again") == contents(made)
    synthesize(project, tmp_path / "more", 5, 5, "--first-month", "2023-04")
    more, second = contents(tmp_path / "more"), "raw/city_code=900002/"
    fewer = {name: text for name, text in contents(made).items() if name.startswith(second)}
    assert fewer
    assert fewer.items() <= more.items()


def test_refusals(project: Sandbox, tmp_path: Path) -> None:
    size = ("synth", "--cities", "1", "--months", "1", "--seed", "1")
    (tmp_path / "kept.txt").write_text("")
    done = project.run(*size, "--out", str(tmp_path))
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    done = project.run(*size, "--out", str(tmp_path / "new"), "--first-month", "2022-12")
    assert done.returncode == 2
    assert "2023-01" in done.stderr
    assert not (tmp_path / "new").exists()
