"""A published month is frozen: what a new release would change in it, and the record of changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb


@dataclass(frozen=True)
class Change:
    """One published figure that differs: as it is shown, with the rank that goes with it."""

    score_month: date
    city_code: str
    printed_in: str
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
            f"{self.month} {self.printed_in} {self.unit_name} {self.column_name}："
            f"{_shown(self.old_value)} → {_shown(self.new_value)}"
        )
        if self.old_rank != self.new_rank:
            line += f"（名次 {_shown(self.old_rank)} → {_shown(self.new_rank)}）"
        return line


def _shown(value: str | int | None) -> str:
    return "无" if value is None else str(value)


def compare(published: Path, candidate: Path, months: Sequence[str]) -> list[Change]:
    """Every published figure that `candidate` would change, add or drop in a published month.

    Args:
        published: database of the published release.
        candidate: database of the release to be published.
        months: those of them to look at, such as `2023-06`.
    """
    with duckdb.connect() as connection:
        for name, path in (("published", published), ("candidate", candidate)):
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")
        found = connection.execute(
            _COMPARISON.format(old=_SHOWN.format("published"), new=_SHOWN.format("candidate"))
        ).fetchall()
    return [change for change in (Change(*row) for row in found) if change.month in months]


_SHOWN = """
    select
        cells.score_month,
        cells.city_code,
        cells.annex_no as place,
        '附件' || cells.annex_no as printed_in,
        cells.unit_name,
        cells.column_name as code,
        columns.view_column_name as column_name,
        cells.cell_text as shown,
        scores.score_rank as shown_rank
    from {0}.audit.annex_cells as cells
    inner join {0}.intermediate.int_annex_columns_monthly as columns
        using (score_month, annex_no, column_name)
    left join {0}.marts.fct_composite_scores as scores using (score_month, unit_id)
    union all
    select
        metrics.score_month,
        metrics.city_code,
        0,
        '通报正文',
        metrics.city_name,
        metrics.metric_code,
        metrics.metric_name,
        concat_ws(
            '，',
            coalesce(
                rtrim(rtrim(cast(metrics.metric_value as varchar), '0'), '.') || metrics.value_unit,
                metrics.metric_text
            ),
            '全省' || if(metrics.is_rank_from_bottom, '倒数', '') || '第' || metrics.province_rank,
            metrics.detail
        ),
        null
    from {0}.marts.fct_city_metrics as metrics
    union all
    select
        score_month,
        city_code,
        -1,
        '年内累计',
        unit_name,
        'average_score',
        '平均得分',
        cast(average_score as varchar),
        average_rank
    from {0}.marts.fct_year_to_date_scores
"""
"""What a release shows of its months: cells of the annexes, figures of the text, averages."""

_COMPARISON = """
    with
    old as ({old}),
    new as ({new})
    select
        score_month,
        city_code,
        coalesce(old.printed_in, new.printed_in),
        unit_name,
        coalesce(old.column_name, new.column_name),
        old.shown,
        new.shown,
        old.shown_rank,
        new.shown_rank
    from old
    full join new using (score_month, city_code, place, unit_name, code)
    where
        (old.shown is distinct from new.shown or code = 'average_score'
            and old.shown_rank is distinct from new.shown_rank)
        and (score_month, city_code) in (select (score_month, city_code) from old)
    order by score_month, city_code, place, unit_name, code
"""


def record(
    connection: duckdb.DuckDBPyConnection,
    published: Path | None,
    release: str,
    changes: list[Change],
    reason: str | None,
) -> None:
    """Fill `audit.revisions`: those of the published release, and the changes made by this one.

    Args:
        connection: the new release's database, open for writing.
        published: database of the published release, if there is one.
        release: id of the new release.
        changes: what it changes in published months.
        reason: why.
    """
    if published is not None:
        quoted = str(published).replace("'", "''")
        connection.execute(f"attach '{quoted}' as published (read_only)")
        connection.execute(
            "insert into audit.revisions by name select * from published.audit.revisions"
        )
        connection.execute("detach published")
    if changes:
        revised_at = datetime.now(UTC).replace(tzinfo=None)
        connection.executemany(
            "insert into audit.revisions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
