"""What a run of the main job comes to, as people are told it: phases, exports, refusals."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from ywtb.assessment.figures import plain_figure, signed
from ywtb.cli.shared import print_json
from ywtb.project import Project


def export_lines(project: Project, exports: Sequence[Any]) -> list[str]:
    """Which folders were written, and which could not be."""
    lines = []
    for export in exports:
        folder = export.folder.relative_to(project.root)
        if export.error is not None:
            lines.append(
                f"✗ {export.month} 导出失败，{folder} 仍是原来的：{export.error}；"
                f"排除后运行 ywtb export --month {export.month}"
            )
        else:
            lines.append(f"导出：{folder}" + "".join(f"（{note}）" for note in export.notes))
    return lines


def print_refused(project: Project, outcome: Any, as_json: bool) -> None:
    """Everything that stands in the way, and which release is still the published one."""
    from ywtb.release.releases import published_release

    published = published_release(project)
    if as_json:
        print_json(
            {
                "release": None,
                "published_release": published,
                "problems": [problem.as_dict() for problem in outcome.problems],
                "failures": [vars(failure) for failure in outcome.failures],
                "changes": [vars(change) for change in outcome.changes],
                "lines": list(_refusal_lines(outcome)),
            }
        )
        return
    for line in _refusal_lines(outcome):
        typer.echo(line, err=True)
    typer.echo(
        f"未发布。已发布的仍是 {published}" if published else "未发布，此前也没有发布过。", err=True
    )


def _refusal_lines(outcome: Any) -> Iterator[str]:
    """Every problem, failing row and change of a frozen month, one line each."""
    for problem in outcome.problems:
        yield str(problem)
    yield from failure_lines(outcome.failures)
    for month in outcome.frozen_months:
        yield f"✗ {month} 已发布，以下数值会变；确属更正的，加 --revise {month} --reason “原因”："
        yield from (f"    {change}" for change in outcome.changes if change.month == month)


def failure_lines(failures: Sequence[Any]) -> Iterator[str]:
    """Tests that found rows, each row on a line, and nodes that stopped."""
    for failure in failures:
        count = f"（{len(failure.rows)} 行不符）" if failure.rows else ""
        yield f"✗ {failure.name}：{failure.message.strip()}{count}"
        for row in failure.rows:
            cells = (f"{name}={value}" for name, value in row.items() if value is not None)
            yield "    " + "，".join(cells)


def summary_lines(summaries: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What months come to, with the place and total of every unit where that is asked for."""
    for summary in summaries:
        is_only = sum(each["month"] == summary["month"] for each in summaries) == 1
        yield from _summary_lines(summary, "" if is_only else f"{summary['city_name']}  ")
        for unit in summary.get("ranking", []):
            line = "  {group_name} 第{score_rank}名 {unit_name} {composite_score}".format(**unit)
            yield line + _change(unit)


def _change(unit: dict[str, Any]) -> str:
    """How a unit's total and place differ from its month before."""
    if unit["previous_month"] is None:
        return ""
    parts = [f"{signed(unit['score_change'])} 分"]
    if gained := unit["places_gained"]:
        parts.append(f"{'升' if gained > 0 else '降'} {abs(gained)} 位")
    return f"（比 {unit['previous_month']} {'，'.join(parts)}）"


def _summary_lines(found: dict[str, Any], city: str) -> list[str]:
    groups = found["groups"]
    sizes = "，".join(f"{group['group_name']} {group['unit_count']}" for group in groups)
    units = sum(group["unit_count"] for group in groups)
    stage = "" if found["stage"] == "final" else f"{found['stage_name']}  "
    lines = [f"{found['month']}  {stage}{city}单位 {units}（{sizes}）"]
    lines += [
        f"  {group['group_name']}：第一 {group['top_unit']} {group['top_score']}，"
        f"末位 {group['bottom_unit']} {group['bottom_score']}"
        for group in groups
    ]
    compared = [
        f"{name} {found[f'reproduced_{kind}']:,}/{found[f'printed_{kind}']:,} 一致"
        for kind, name in (("cells", "所印单元格"), ("scores", "所印得分"))
        if found[f"printed_{kind}"]
    ]
    lines.append(
        f"  复核：{'，'.join(compared) or '没有所印数值'}；"
        f"勘误 {found['corrections']} 处，推算 {found['imputed_cells']} 格"
    )
    lines += [
        f"  得分调整：{adjustment['unit_name']} {adjustment['dimension_name']} "
        f"{plain_figure(adjustment['adjustment_points'])}（{adjustment['reason']}）"
        for adjustment in found["adjustments"]
    ]
    lines.append(
        f"  假定规则 {found['assumed_rules']} 条，"
        f"涉及 {plain_figure(found['assumed_points_at_stake'])} 分，"
        f"本月由此失分 {plain_figure(found['assumed_points_lost'])}"
    )
    return lines
