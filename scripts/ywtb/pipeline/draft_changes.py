"""What became of a draft's scores until it was final, and why: `audit.draft_changes`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.reviews import objections
from ywtb.assessment.sql import literal
from ywtb.intake import store
from ywtb.project import Project
from ywtb.release.queries import Row, rows
from ywtb.release.releases import ids

OTHER_CAUSE = "规则、勘误或得分调整有改动"

CHANGED = """
select score_month, new.city_code, unit_id, new.unit_name, old.exact_score as old_score,
    new.exact_score as new_score, old.score_rank as old_rank, new.score_rank as new_rank
from previous.marts.fct_composite_scores as old
inner join marts.fct_composite_scores as new using (score_month, unit_id)
where old.stage = 'draft' and old.exact_score != new.exact_score
order by score_month, unit_id
"""


def write_draft_changes(
    project: Project, connection: duckdb.DuckDBPyConnection, published: Path, release: str
) -> None:
    """Keep what the published release tells of drafts, and add what its drafts come to now.

    Args:
        project: the checkout.
        connection: the new release, open for writing.
        published: database of the published release.
        release: id of the new one.
    """
    connection.execute(f"attach {literal(str(published))} as previous (read_only)")
    try:
        connection.execute(
            "insert into audit.draft_changes by name select * from previous.audit.draft_changes "
            "semi join marts.dim_months using (score_month)"
        )
        found = rows(connection, CHANGED)
    except (duckdb.CatalogException, duckdb.BinderException):  # of earlier code
        found = []
    finally:
        connection.execute("detach previous")
    if found:
        since = published.parent.name
        connection.executemany(
            "insert into audit.draft_changes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [[*row.values(), _cause(project, row, since), release] for row in found],
        )


def _cause(project: Project, row: Row, since: str) -> str:
    """What was taken in of a unit since a release, and the objection that it carried out."""
    month = f"{row['score_month']:%Y-%m}"
    carried_out = {
        each["carried_out_by"]: each["objection_id"] for each in objections(project, month)
    }
    causes = []
    for stamp, record in _entries(project, month.replace("-", "_"), since):
        cells = [
            f"{change['title']} {change['old'] or '无'} → {change['new'] or '无'}"
            for feed in record["feeds"]
            for change in feed["changes"]
            if change["key"].split(" ")[-1] == row["unit_name"]
        ]
        if cells:
            sources = "、".join(source["name"] for source in record["sources"])
            kind = f"异议 {carried_out[stamp]}" if stamp in carried_out else "更正"
            causes.append(f"{kind}：{'，'.join(cells)}（{record['reason'] or sources}）")
    return "；".join(causes) or OTHER_CAUSE


def _entries(project: Project, month: str, since: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries of a month's archive after a release, whose ids are times as theirs are."""
    archive = store.archive_folder(project, month)
    for stamp in ids(archive):
        path = archive / stamp / store.RECORD
        if stamp > since and path.is_file():
            yield stamp, json.loads(path.read_bytes())
