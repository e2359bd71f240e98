"""What people say of a month before it is published: objections, and warnings acknowledged."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from ywtb.assessment.seed_rows import write_rows
from ywtb.project import Project

OBJECTIONS, ACKNOWLEDGEMENTS = "reviews/objections", "reviews/acknowledgements"
NOTES = "reviews/rectification_notes"
Decision = Literal["upheld", "partly", "rejected"]
DECISIONS: Mapping[str, str] = {
    "open": "处理中", "upheld": "采纳", "partly": "部分采纳", "rejected": "不采纳",
}  # fmt: skip


class ReviewError(Exception):
    """What was given cannot be recorded; the message says why, in Chinese."""


def objections(project: Project, month: str) -> list[dict[str, str]]:
    """Objections to a month such as 2023-07, in order."""
    return [row for row in project.seed(OBJECTIONS) if row["score_month"] == f"{month}-01"]


def acknowledged(project: Project, month: str) -> dict[str, str]:
    """Reasons by number of the warnings about a month that somebody has looked at."""
    return {
        row["warning_id"]: row["reason"]
        for row in project.seed(ACKNOWLEDGEMENTS)
        if row["score_month"] == f"{month}-01"
    }


def object_to(project: Project, month: str, given: Mapping[str, str | None]) -> str:
    """Record an objection; returns its number.

    Args:
        project: the checkout; its lock is held.
        month: such as 2023-07.
        given: city_code, unit_name, dimension_code, indicator_code, contested_value, claim,
            evidence, received_on.
    """
    rows = project.seed(OBJECTIONS)
    ids = {row["objection_id"] for row in rows}
    number = next(name for n in range(1, len(ids) + 2) if (name := f"{month}-异{n}") not in ids)
    row = {"objection_id": number, "score_month": f"{month}-01", "decision": "open", **given}
    write_rows(project, OBJECTIONS, [*rows, row])
    return number


def decide(
    project: Project, number: str, decision: Decision, reason: str, carried_out_by: str | None
) -> dict[str, str]:
    """Record how an objection was decided; returns it.

    Raises:
        ReviewError: there is no such objection, or what was upheld is not carried out.
    """
    rows = project.seed(OBJECTIONS)
    found = next((row for row in rows if row["objection_id"] == number), None)
    if found is None:
        known = "、".join(row["objection_id"] for row in rows) or "无"
        raise ReviewError(f"没有异议 {number}，已有：{known}")
    if (decision != "rejected") != bool(carried_out_by):
        raise ReviewError(
            "采纳的异议须写明由哪条勘误或哪次收取更正：--by 勘误编号或 archive/ 中的编号"
            if decision != "rejected"
            else "不采纳的异议没有更正，不写 --by"
        )
    found.update(
        decision=decision,
        reason=reason,
        decided_on=date.today().isoformat(),
        carried_out_by=carried_out_by or "",
    )
    write_rows(project, OBJECTIONS, rows)
    return found


def acknowledge(project: Project, month: str, warnings: Mapping[str, str], reason: str) -> None:
    """Record that warnings, lines by number, were looked at, and why they are no obstacle."""
    rows = project.seed(ACKNOWLEDGEMENTS)
    kept = [
        row
        for row in rows
        if not (row["score_month"] == f"{month}-01" and row["warning_id"] in warnings)
    ]
    added = [
        {
            "score_month": f"{month}-01",
            "warning_id": number,
            "warning": line,
            "reason": reason,
            "acknowledged_on": date.today().isoformat(),
        }
        for number, line in warnings.items()
    ]
    write_rows(project, ACKNOWLEDGEMENTS, [*kept, *added])
