"""What a run of the main job comes to, as people are told it: phases, exports, refusals."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from ywtb.cli.shared import print_json
from ywtb.project import Project

PHASES = {
    "check": "核对文件",
    "start": "取已发布的各月",
    "start dbt": "启动 dbt",
    "parse": "解析",
    "build and test": "建库和测试",
    "expectations": "核对所收与所发的数据",
    "data docs": "写核对报告",
    "compare": "与已发布的比较",
    "publish": "发布",
    "export": "导出",
}
"""Phases of a refresh, whose log and JSON are in English, as people see them."""


def show_phase(name: str) -> None:
    """Say that a phase begins."""
    typer.echo(f"· {PHASES.get(name, name)}", err=True)


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
    for failure in outcome.failures:
        count = f"（{len(failure.rows)} 行不符）" if failure.rows else ""
        yield f"✗ {failure.name}：{failure.message.strip()}{count}"
        for row in failure.rows:
            cells = (f"{name}={value}" for name, value in row.items() if value is not None)
            yield "    " + "，".join(cells)
    for month in outcome.frozen_months:
        yield f"✗ {month} 已发布，以下数值会变；确属更正的，加 --revise {month} --reason “原因”："
        yield from (f"    {change}" for change in outcome.changes if change.month == month)
