"""A published month is frozen: what a new release would change in it, and the record of changes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb


@dataclass(frozen=True)
class Change:
    """One published cell that differs: as printed in the annex, with the unit's rank."""

    score_month: date
    annex_no: int
    unit_name: str
    column_name: str
    old_value: str | None
    new_value: str | None
    old_rank: int | None
    new_rank: int | None

    @property
    def month(self) -> str:
        """The month, such as `2023-06`."""
        return f"{self.score_month:%Y-%m}"

    def __str__(self) -> str:
        """The change as one line of Chinese."""
        line = (
            f"{self.month} 附件{self.annex_no} {self.unit_name} {self.column_name}："
            f"{_shown(self.old_value)} → {_shown(self.new_value)}"
        )
        if self.old_rank != self.new_rank:
            line += f"（名次 {_shown(self.old_rank)} → {_shown(self.new_rank)}）"
        return line


def _shown(value: str | int | None) -> str:
    return "无" if value is None else str(value)


def compare(published: Path, candidate: Path) -> list[Change]:
    """Every published cell that `candidate` would change, add or drop in a published month.

    Args:
        published: database of the published release.
        candidate: database of the release to be published.
    """
    with duckdb.connect() as connection:
        for name, path in (("published", published), ("candidate", candidate)):
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")
        found = connection.execute(_COMPARISON).fetchall()
    return [Change(*row) for row in found]


_COMPARISON = """
    with
    old_cells as (
        select cells.*, columns.view_column_name, scores.score_rank
        from published.audit.annex_cells as cells
        inner join published.reference.annex_columns as columns using (annex_no, column_name)
        left join published.marts.fct_composite_scores as scores using (score_month, unit_name)
    ),
    new_cells as (
        select cells.*, columns.view_column_name, scores.score_rank
        from candidate.audit.annex_cells as cells
        inner join candidate.reference.annex_columns as columns using (annex_no, column_name)
        left join candidate.marts.fct_composite_scores as scores using (score_month, unit_name)
    )
    select
        score_month,
        annex_no,
        unit_name,
        coalesce(old_cells.view_column_name, new_cells.view_column_name),
        old_cells.cell_text,
        new_cells.cell_text,
        old_cells.score_rank,
        new_cells.score_rank
    from old_cells
    full join new_cells using (score_month, annex_no, unit_name, column_name)
    where
        old_cells.cell_text is distinct from new_cells.cell_text
        and score_month in (select distinct score_month from old_cells)
    order by score_month, annex_no, unit_name, column_name
"""


_COLUMN_COMMENTS = {
    "release_id": "Release that made the correction.",
    "revised_at": "UTC time of the correction.",
    "reason": "Why, in Chinese.",
    "score_month": "Month that was corrected.",
    "annex_no": "Annex in which the cell is printed.",
    "unit_name": "Unit.",
    "column_name": "Printed heading of the column.",
    "old_value": "Cell as it was printed; NULL where there was none.",
    "new_value": "Cell as it is printed now; NULL where there is none.",
    "old_rank": "Rank of the unit before.",
    "new_rank": "Rank of the unit now.",
}


def record(
    connection: duckdb.DuckDBPyConnection,
    published: Path | None,
    release: str,
    changes: list[Change],
    reason: str | None,
) -> None:
    """Write `audit.revisions`: those of the published release, and the changes made by this one.

    Args:
        connection: the new release's database, open for writing.
        published: database of the published release, if there is one.
        release: id of the new release.
        changes: what it changes in published months.
        reason: why.
    """
    connection.execute(
        """
        create or replace table audit.revisions (
            release_id varchar not null,
            revised_at timestamp not null,
            reason varchar not null,
            score_month date not null,
            annex_no integer not null,
            unit_name varchar not null,
            column_name varchar not null,
            old_value varchar,
            new_value varchar,
            old_rank integer,
            new_rank integer
        )
        """
    )
    connection.execute(
        "comment on table audit.revisions is "
        "'Corrections of published months: one row per changed cell, with the reason.'"
    )
    for column, text in _COLUMN_COMMENTS.items():
        connection.execute(f"comment on column audit.revisions.{column} is '{text}'")
    if published is not None:
        quoted = str(published).replace("'", "''")
        connection.execute(f"attach '{quoted}' as published (read_only)")
        connection.execute("insert into audit.revisions select * from published.audit.revisions")
        connection.execute("detach published")
    if changes:
        revised_at = datetime.now(UTC).replace(tzinfo=None)
        connection.executemany(
            "insert into audit.revisions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [[release, revised_at, reason, *asdict(change).values()] for change in changes],
        )


def notices(recorded: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Correction notices for people, as text by file name, one per release that corrected.

    Args:
        recorded: rows of `audit.revisions`.
    """
    by_release: dict[str, list[Mapping[str, Any]]] = {}
    for row in recorded:
        by_release.setdefault(row["release_id"], []).append(row)
    names = [each.name for each in fields(Change)]
    texts = {}
    for release, rows in by_release.items():
        changes = [Change(**{name: row[name] for name in names}) for row in rows]
        months = "、".join(sorted({change.month for change in changes}))
        lines = [f"{months} 更正通知（{release}）", f"更正原因：{rows[0]['reason']}", ""]
        texts[f"更正通知_{release}.txt"] = "\n".join([*lines, *map(str, changes), ""])
    return texts
