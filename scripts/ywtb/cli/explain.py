"""The command `ywtb explain`."""

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ywtb.assessment.figures import plain_figure, signed, visible
from ywtb.assessment.reviews import DECISIONS
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    print_json,
    published,
    published_months,
    stop,
    stop_wrong_usage,
    valid_month,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def explain(
    unit: Annotated[str, typer.Argument(help="单位名称、别名、简称或编号。")],
    month: MonthOption = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；几个城市有同名单位时须给出。")
    ] = None,
    with_cases: Annotated[
        bool, typer.Option("--cases", help="列出失分背后的办件（须有办件记录）。")
    ] = False,
    as_json: JsonOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="失分明细输出为 CSV，供电子表格打开。")
    ] = False,
) -> None:
    """说明一个单位每一分失在哪里：规则、原值、来源单元格。

    例：ywtb explain 大竹县 --month 2023-06
    """
    from ywtb.release import queries

    if as_json and as_csv:
        stop_wrong_usage("--json 与 --csv 不能同时使用")
    wanted = valid_month(month)
    try:
        with published(find_project()) as release:
            latest = published_months(release, wanted)[-1]
            found = queries.explanation(release, unit, wanted or latest, city)
            if with_cases:
                _add_cases(release, found)
    except queries.NotOneUnitError as error:
        stop(str(error), 2)
    if as_json:
        print_json(found)
    elif as_csv:
        _print_csv(found)
    else:
        for line in _explanation_lines(found):
            typer.echo(line)


def _print_csv(found: dict[str, Any]) -> None:
    """The lost points, a row each; without what would steer a terminal or a spreadsheet."""
    from ywtb.exports.data.answers import csv_to_keep, csv_to_see
    from ywtb.release.bounded_query import Answer

    unit = {name: found[name] for name in ("month", "unit_id", "unit_name")}
    lost = [{**unit, **loss} for loss in found["losses"]]
    rows = [
        {
            name: f"{value:f}" if isinstance(value, Decimal) else value and str(value)
            for name, value in row.items()
            if name != "counted"
        }
        for row in lost
    ]
    answer = Answer(dict.fromkeys(rows[0] if rows else unit, "VARCHAR"), rows, is_cut=False)
    parts = csv_to_see([answer]) if sys.stdout.isatty() else csv_to_keep([answer])
    for part in parts:
        typer.echo(part, nl=False)


def _add_cases(release: "DuckDBPyConnection", found: dict[str, Any]) -> None:
    from ywtb.release import queries

    counts = queries.cases_behind(release, found["unit_id"], found["month"])
    if counts is None:
        stop(
            "已发布的数据不含办件记录：在 dbt_project.yml 中写明 case_path，再运行 ywtb refresh", 2
        )
    counted = {each.pop("indicator_name"): each for each in counts}
    for loss in found["losses"]:
        loss["counted"] = counted.get(loss["indicator_name"])


def _explanation_lines(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{found['month']} {found['unit_name']}（{found['unit_id']}，{found['group_name']}）："
        f"{found['composite_score']} 分，序号 {found['sequence_no']}/{found['group_size']}，"
        f"名次 {found['score_rank']}；准确得分 {plain_figure(found['exact_score'])}",
    ]
    for dimension in found["dimensions"]:
        lines.append(
            f"{dimension['dimension_name']}：{plain_figure(dimension['score'])} / "
            f"{plain_figure(dimension['weight'])}"
        )
        for loss in found["losses"]:
            if loss["dimension_name"] == dimension["dimension_name"]:
                lines += _loss_lines(loss)
    total = sum((loss["points_lost"] for loss in found["losses"]), Decimal(0))
    lines.append(f"合计失分 {plain_figure(total)} = 100 − {plain_figure(found['exact_score'])}")
    if found["shown_only"]:
        shown = (
            f"{each['indicator_name']} {visible(each['printed_value'])}"
            for each in found["shown_only"]
        )
        lines.append(f"只列示、不计分：{'，'.join(shown)}")
    for each in found["neighbours"]:
        lines += _neighbour_lines(each, found["sequence_no"])
    for each in found["objections"]:
        subject = each["indicator_name"] or each["dimension_name"]
        decided = f"：{each['reason']}（{each['decided_on']}）" if each["reason"] else ""
        lines.append(
            f"异议 {each['objection_id']} {subject}：{each['claim']}；"
            f"{DECISIONS[each['decision']]}{decided}"
        )
    lines += [
        f"征求意见稿的变化 {plain_figure(each['old_score'])} → {plain_figure(each['new_score'])}"
        f"（名次 {each['old_rank']} → {each['new_rank']}）：{each['cause']}"
        for each in found["draft_changes"]
    ]
    if found["stage"] == "draft":
        until = found["objections_until"]
        deadline = f"，{until} 截止" if until else ""
        lines.append(f"{found['stage_name']}中，有异议的向{found['office_name']}提出{deadline}")
    return lines


def _loss_lines(loss: dict[str, Any]) -> list[str]:
    cause = loss["indicator_name"] or loss["cause_name"]
    sign = "−" if loss["points_lost"] > 0 else "+"
    lines = [f"  {sign}{plain_figure(abs(loss['points_lost']))} {cause}：{loss['reason']}"]
    if loss["entry_type"] == "indicator":
        if loss["source_file"] is not None and loss["obs_status"] != "I":
            if loss["source_row"] is None:
                value = plain_figure(loss["obs_value"])
                source = f"按办件记录 {loss['source_file']} 统计，为 {value}"
            else:
                place = f"{loss['source_file']} 第{loss['source_row']}行"
                source = f"{place}，原值“{loss['printed_value']}”"
            if loss["sender_file"]:
                parts = (loss["sender_file"], loss["sender_sheet"], loss["sender_cell"])
                source += f"，来自 {' '.join(each for each in parts if each)}"
        else:
            source = f"推算值 {plain_figure(loss['obs_value'])}"
        lines.append(f"      {source}；规则 {loss['rule_id']}（{loss['basis_name']}）")
        full = f"（满分 {plain_figure(loss['max_points'])}）" if loss["max_points"] else ""
        lines.append(f"      得分 {loss['arithmetic']}{full}")
    if loss["erratum_id"] is not None:
        reason = loss.get("erratum_reason")  # a release of before does not say it
        lines.append(f"      勘误 {loss['erratum_id']}{f'：{reason}' if reason else ''}")
    if counted := loss.get("counted"):
        lines += _case_lines(counted)
    return lines


def _neighbour_lines(neighbour: dict[str, Any], sequence_no: int) -> list[str]:
    side = "前一个" if neighbour["sequence_no"] < sequence_no else "后一个"
    distance = neighbour["distance"]
    apart = f"{'高' if distance > 0 else '低'} {plain_figure(abs(distance))}"
    lines = [
        f"{side}是{neighbour['unit_name']}：{neighbour['composite_score']} 分，"
        f"{f'比本单位{apart}' if distance else '与本单位同分'}"
    ]
    if parts := [
        f"{each['subject']} {signed(each['points'])}" for each in neighbour["differences"]
    ]:
        lines.append(f"      其中 {'，'.join(parts)}")
    return lines


def _case_lines(counted: dict[str, Any]) -> list[str]:
    value = counted["counted_value"]
    figure = "—" if value is None else plain_figure(value)
    definition = f"{counted['definition']}（{counted['basis_name']}）"
    return [
        f"      办件记录统计为 {figure}，办件 {len(counted['cases'])} 件；口径：{definition}",
        *(f"        {_case_line(case)}" for case in counted["cases"]),
    ]


def _case_line(case: dict[str, Any]) -> str:
    parts = (
        f"受理 {case['accepted_on']}",
        f"承诺办结 {case['due_on']}",
        f"办结 {case['finished_on']}" if case["finished_on"] else "没有办结",
        case["rating"],
        f"整改 {case['rectified_on']}" if case["rectified_on"] else None,
    )
    told = "，".join(part for part in parts if part)
    return f"{case['case_no']}  {told}；{case['source_file']} 第{case['row_no']}行"
