"""The command `ywtb whatif`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ywtb.assessment.figures import signed, visible
from ywtb.cli.outcome import failure_lines
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    month_in_memory,
    print_json,
    published,
    published_months,
    shift,
    stop,
    stop_wrong_usage,
    valid_month,
)


def whatif(
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="单位.指标=值，rules.规则.系数=值，weights.组.项目=值，"
            "max_points.组.指标=值；可多次给出。",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="方案文件，写法见 scenarios/schema.json。")
    ] = None,
    month: MonthOption = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；有几个城市时指明。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """换了值、规则或权重，得分和名次会怎样；只在内存中计算，什么也不改动。

    例：ywtb whatif --month 2023-06 --set 市财政局.behavior_coverage_rate=60%
    """
    from ywtb.release import scenario

    project = find_project()
    try:
        asked = scenario.read_options(settings or [])
        if file:
            asked = scenario.read_file(file).joined(asked)
    except scenario.NoScenarioError as error:
        stop(str(error), 2)
    if not asked.settings:
        stop_wrong_usage("没有要换的：用 --set 或 --file 给出")
    if month and asked.month and month != asked.month:
        stop(f"--month {month} 与方案文件所写的 {asked.month} 不符", 2)
    wanted = valid_month(month or asked.month)
    with published(project) as release:
        months = published_months(release, wanted)
    with month_in_memory(project, wanted or months[-1]) as replayed:
        found = scenario.answer(replayed, asked, city)
    if found.is_refused:
        _print_refused(found, as_json)
        raise typer.Exit(2 if found.wrong else 1)
    if as_json:
        print_json(
            {
                "month": found.month,
                "changes": [vars(each) for each in found.changes],
                "units": found.units,
                "printed_changes": found.printed_changes,
            }
        )
    else:
        for line in _answer_lines(found):
            typer.echo(line)


def _print_refused(found: Any, as_json: bool) -> None:
    lines = [*found.wrong, *map(str, found.problems), *failure_lines(found.contradictions)]
    if as_json:
        print_json(
            {
                "month": found.month,
                "units": [],
                "wrong": found.wrong,
                "problems": [problem.as_dict() for problem in found.problems],
                "failures": [vars(each) for each in found.contradictions],
                "lines": lines,
            }
        )
        return
    for line in lines:
        typer.echo(visible(line), err=True)
    typer.echo("该方案不成立，没有计算。", err=True)


def _answer_lines(found: Any) -> Iterator[str]:
    yield f"{found.month} 的得分，假如："
    yield from (f"  {change}" for change in found.changes)
    moved = [each for each in found.units if each["score_change"] or each["places_gained"]]
    group = None
    for unit in moved:
        if (unit["city_code"], unit["group_code"]) != group:
            group = unit["city_code"], unit["group_code"]
            yield f"{unit['group_name']}："
        yield from _unit_lines(unit)
    yield f"得分或名次有变化的单位 {len(moved)} 个，没有变化的 {len(found.units) - len(moved)} 个"
    annexes = sorted({each["annex_no"] for each in found.printed_changes})
    if annexes:
        listed = "、".join(str(number) for number in annexes)
        yield f"附件所印的有 {len(found.printed_changes)} 格会变：附件{listed}"
    else:
        yield "附件所印的没有一格会变"


def _unit_lines(unit: dict[str, Any]) -> Iterator[str]:
    old_rank, new_rank = unit["score_rank"], unit["new_score_rank"]
    ranks = f"第 {old_rank} 名" if old_rank == new_rank else f"第 {old_rank} → {new_rank} 名"
    yield (
        f"  {unit['unit_name']} {unit['composite_score']} → {unit['new_composite_score']}，{ranks}"
    )
    for each in unit["effects"]:
        subject = each["indicator_name"] or each["cause_name"]
        yield f"      {signed(each['effect'])} {each['dimension_name']} {subject}{_shift(each)}"
    if unit["passed"]:
        yield f"      超过：{'、'.join(unit['passed'])}"
    if unit["passed_by"]:
        yield f"      被超过：{'、'.join(unit['passed_by'])}"


def _shift(effect: dict[str, Any]) -> str:
    """What the effect comes from, where it can be said in two figures."""
    for name in ("obs_value", "weight"):
        if told := shift(effect[name], effect[f"new_{name}"]):
            return told
    return ""
