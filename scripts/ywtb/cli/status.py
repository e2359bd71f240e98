"""The command `ywtb status`."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import typer

from ywtb.assessment.reviews import DECISIONS
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    print_json,
    stop,
    valid_month,
)
from ywtb.project import Project, SettingsError

SHOWN = 5
"""Names that are printed of a part; `--json` has all."""


def status(month: MonthOption = None, as_json: JsonOption = False) -> None:
    """各月到了哪一步，收数中的月份收了谁的、缺谁的；当前发布的是哪一次、由什么建成。

    例：ywtb status --month 2023-07
    """
    from ywtb.assessment.months import month_states
    from ywtb.release import releases
    from ywtb.release.queries import open_release

    project = find_project()
    wanted = valid_month(month)
    try:
        states = month_states(project)
        if wanted and wanted not in states:
            stop(f"没有 {wanted}，有：{'、'.join(states)}", 2)
        months = [
            _month(project, state, is_asked=wanted == state.month)
            for state in states.values()
            if wanted in (None, state.month)
        ]
    except SettingsError as error:
        stop(str(error), 2)
    manifest: dict[str, Any] = {}
    with suppress(releases.NotPublishedError), open_release(project) as release:
        manifest = releases.read_manifest(release)
    kept = releases.complete_releases(project)
    if as_json:
        print_json({**manifest, "releases": kept, "months": months})
        return
    for each in months:
        for line in _month_lines(each):
            typer.echo(line)
    if not wanted:
        for line in _release_lines(manifest, kept):
            typer.echo(line)


def _month(project: Project, state: Any, is_asked: bool) -> dict[str, Any]:
    """A month with its stage; what has come in and what is missing while it is collected."""
    from ywtb.assessment.reviews import objections
    from ywtb.intake.collection import collected

    names = {row["stage"]: row["stage_name"] for row in project.reference("stages")}
    found: dict[str, Any] = {**vars(state), "stage_name": names[state.stage]}
    titles = {
        row["indicator_code"]: row["indicator_name"] for row in project.reference("indicators")
    }
    titles |= {
        row["dimension_code"]: row["dimension_name"] for row in project.reference("dimensions")
    }
    found["objections"] = [
        {**row, "contested": titles[row["indicator_code"] or row["dimension_code"]]}
        for row in objections(project, state.month)
    ]
    if state.stage == "collecting" or is_asked:
        parts, gaps = collected(project, state.month)
        found |= {"received": [vars(each) for each in parts]}
        found |= {"missing": [{**vars(gap), "text": str(gap)} for gap in gaps]}
    return found


def _month_lines(month: dict[str, Any]) -> Iterator[str]:
    dates = [
        f"{name} {month[key]}"
        for key, name in (("objections_until", "异议截止"), ("published_on", "发布于"))
        if month[key]
    ]
    yield f"{month['month']}  {month['stage_name']}{''.join(f'，{each}' for each in dates)}"
    for row in month["objections"]:
        decided = DECISIONS[row["decision"]]
        yield f"  异议 {row['objection_id']} {row['unit_name']} {row['contested']}：{decided}"
    for part in month.get("received", []):
        names, count = part["rows"], len(part["rows"])
        shown = "、".join(names[:SHOWN]) + (f" 等 {count} 行" if count > SHOWN else "")
        source = f"{part['source_file']}（{part['taken_in_at'] or '直接放入'}）"
        yield f"  {part['feed']}：{shown}，来自 {source}"
    if gaps := month.get("missing", []):
        yield f"  还缺 {len(gaps)} 项："
        yield from (f"    {gap['text']}" for gap in gaps)


def _release_lines(manifest: dict[str, Any], kept: list[str]) -> list[str]:
    if not manifest:
        return ["还没有发布过：先运行 ywtb refresh"]
    tools = "，".join(f"{name} {number}" for name, number in manifest["tool_versions"].items())
    return [
        f"已发布 {manifest['release_id']}，建于 {manifest['built_at']} UTC",
        f"月份：{'、'.join(manifest['score_months'])}",
        f"种子 {manifest['seed_count']} 个，数据 {manifest['row_count']} 行，"
        f"测试 {manifest['test_count']} 项，期望 {manifest['expectation_count']} 项",
        f"代码 {manifest['code_version']}；{tools}",
        f"前一次发布：{manifest['previous_release_id'] or '无'}",
        f"留有 {len(kept)} 次：{'、'.join(kept)}",
    ]
