"""The questions of docs/queries are answered as it shows; YWTB_REWRITE=1 writes what it shows."""

import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, Sandbox, read_csv

PAGE = ROOT / "docs" / "queries" / "README.md"
QUESTION = re.compile(r"(## .+?\n```sql\n(.+?)\n```\n)(\n\|.+?\|\n)?(?=\n## |\Z)", re.DOTALL)


def test_questions_are_answered_as_shown(three_months: Sandbox, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    questions = QUESTION.findall(page)
    assert len(questions) == page.count("\n## ") == 20
    file = tmp_path / "questions.sql"
    file.write_text(";\n".join(sql for _, sql, _ in questions), encoding="utf-8")
    done = three_months.run("query", "-f", str(file), "--json")
    assert done.returncode == 0, done.stderr
    tables = [_table(rows) for rows in json.loads(done.stdout, parse_float=Decimal)]
    if os.environ.get("YWTB_REWRITE"):
        parts = iter(tables)
        page = QUESTION.sub(lambda found: f"{found[1]}\n{next(parts)}\n", page)
        PAGE.write_text(page, encoding="utf-8")
    shown = [table.strip() for _, _, table in QUESTION.findall(page)]
    for (question, _, _), table, answer in zip(questions, shown, tables, strict=True):
        assert table == answer, question


def _table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table of Markdown, of which there are some."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(map(_cell, row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


@pytest.mark.needs("metricflow")
def test_metrics_are_what_the_marts_hold(june_copy: Sandbox, tmp_path: Path) -> None:
    database = june_copy.root / "warehouse" / "dev" / "ywtb.duckdb"
    shutil.copyfile(june_copy.root / june_copy.database, database)
    parsed = june_copy.run("parse", "--warn-error", program="dbt")
    assert parsed.returncode == 0, parsed.stdout
    answer = tmp_path / "found.csv"
    for saved, sql in (
        (
            "average_scores_by_group",
            "select group_name, cast(sum(exact_score) / count(*) as decimal(18, 10)), "
            "max(exact_score), min(exact_score), count(*) from marts.fct_composite_scores "
            "group by all",
        ),
        (
            "points_lost_by_indicator",
            "select indicator_name, sum(points_lost), count(distinct case when "
            "points_lost > 0 then unit_id end) from marts.fct_indicator_scores group by all",
        ),
    ):
        asked = ("query", "--saved-query", saved, "--csv", str(answer), "--decimals", "10")
        done = june_copy.run(*asked, program="mf")
        assert done.returncode == 0, done.stdout + done.stderr
        found = set()
        for month, name, *figures in (row.values() for row in read_csv(answer)):
            assert month.startswith("2023-06-01")
            found.add((name, *map(Decimal, figures)))
        assert found == set(june_copy.rows(sql))
