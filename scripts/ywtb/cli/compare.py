"""The command `ywtb compare`."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ywtb.assessment.figures import signed
from ywtb.cli.shared import (
    JsonOption,
    find_project,
    print_json,
    published,
    published_months,
    shift,
    stop,
    stop_wrong_usage,
    valid_month,
)


def compare(
    earlier: Annotated[str, typer.Argument(help="前一个月份，如 2023-06。")],
    later: Annotated[str, typer.Argument(help="后一个月份，如 2023-07。")],
    unit: Annotated[str | None, typer.Argument(help="单位名称、别名、简称或编号。")] = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；几个城市有同名单位时须给出。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """两个月的得分为什么不同：数值、规则、权重、组别、指标、调整各影响多少分，合计分毫不差。

    例：ywtb compare 2023-06 2023-07 大竹县
    """
    from ywtb.release import comparison, queries

    for month in (earlier, later):
        valid_month(month)
    if earlier >= later:
        stop_wrong_usage(f"{earlier} 应早于 {later}")
    try:
        with published(find_project()) as release:
            for month in (earlier, later):
                published_months(release, month)
            unit_id = queries.find_unit(release, unit, later, city)["unit_id"] if unit else None
            found = comparison.compare(release, (earlier, later), unit_id)
    except queries.NotOneUnitError as error:
        stop(str(error), 2)
    if as_json:
        print_json({"earlier": earlier, "later": later, **vars(found)})
        return
    for line in _lines(found, earlier, later, with_indicators=bool(unit)):
        typer.echo(line)


def _lines(found: Any, earlier: str, later: str, with_indicators: bool) -> Iterator[str]:
    yield f"{later} 比 {earlier}："
    told = [
        unit
        for unit in found.units
        if with_indicators or unit["effects"] or unit["previous_rank"] != unit["score_rank"]
    ]
    for unit in told:
        yield (
            f"{unit['group_name']} {unit['unit_name']} "
            f"{unit['previous_composite_score']} → {unit['composite_score']}"
            f"（{signed(unit['score_change'])}），{_ranks(unit)}"
        )
        if with_indicators:
            for each in unit["effects"]:
                is_value = each["cause"] == "value"
                values = shift(each["previous_value"], each["obs_value"]) if is_value else ""
                yield (
                    f"  {signed(each['effect'])} {each['cause_name']} "
                    f"{each['dimension_name']} {each['indicator_name'] or ''}{values}".rstrip()
                )
        elif unit["effects"]:
            sums: dict[str, Any] = {}
            for each in unit["effects"]:
                sums[each["cause_name"]] = sums.get(each["cause_name"], 0) + each["effect"]
            yield "  " + "，".join(f"{name} {signed(points)}" for name, points in sums.items())
    if not with_indicators:
        rest = len(found.units) - len(told)
        yield f"得分或名次有变化的单位 {len(told)} 个，没有变化的 {rest} 个"
    if found.not_compared:
        names = "、".join(unit["unit_name"] for unit in found.not_compared)
        yield f"{earlier} 没有可比的得分：{names}"


def _ranks(unit: dict[str, Any]) -> str:
    now = f"第 {unit['score_rank']} 名"
    if unit["group_code"] != unit["previous_group_code"]:
        return f"{unit['previous_group_name']}第 {unit['previous_rank']} 名，现为{now}，组别不同"
    if unit["is_comparable"]:
        return f"第 {unit['previous_rank']} → {unit['score_rank']} 名"
    told = f"{now}，原第 {unit['previous_rank']} 名，规则有变，名次不可比"
    by_previous_rules = unit["rank_by_previous_rules"]
    return f"{told}；按前次规则为第 {by_previous_rules} 名" if by_previous_rules else told
