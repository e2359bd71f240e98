"""Cell texts as the models will read them: cleaned, and as figures of each type."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from ywtb.assessment.sql import expression, literal, templates
from ywtb.project import Project

NUMBER_TYPES = ("percent", "count", "points", "number", "rank")


@dataclass(frozen=True)
class Reading:
    """A text without what carries no meaning, and the number that it is for each type, or None."""

    text: str
    is_not_applicable: bool
    numbers: dict[str, Decimal | None]


def read_texts(project: Project, texts: Iterable[str]) -> dict[str, Reading]:
    """Read distinct texts with the macros of the models, all in one query."""
    macros = templates(project)
    cleaned = expression(macros, "clean_text", "text")
    columns = [
        "text",
        f"coalesce({cleaned}, '')",
        expression(macros, "is_not_applicable", cleaned),
        *(expression(macros, "parse_number", "text", literal(name)) for name in NUMBER_TYPES),
    ]
    listed = literal(json.dumps(sorted(set(texts)), ensure_ascii=False))
    source = f"(select unnest(from_json({listed}, '[\"varchar\"]')) as text)"
    sql = f"select {', '.join(columns)} from {source}"  # noqa: S608 - macros and a literal
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        rows = connection.execute(sql).fetchall()
    return {
        row[0]: Reading(row[1], row[2], dict(zip(NUMBER_TYPES, row[3:], strict=True)))
        for row in rows
    }
