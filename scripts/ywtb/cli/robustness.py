"""The command `ywtb robustness`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ywtb.assessment.figures import plain_figure, points, visible
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    aligned,
    find_project,
    month_in_memory,
    print_json,
    published,
    published_months,
    stop,
    valid_month,
)
from ywtb.release.method import (
    DRAWS,
    MOST_DRAWS,
    SEED,
    SPREAD,
    Method,
    WrongSpreadError,
    percentage,
    read_spread,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ywtb.release.robustness import Robustness

Row = dict[str, Any]


def robustness(
    month: MonthOption = None,
    draws: Annotated[
        int, typer.Option("--draws", min=1, max=MOST_DRAWS, help="抽取几次权重。")
    ] = DRAWS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="种子；相同则结果逐字相同。")] = SEED,
    spread: Annotated[
        str, typer.Option("--spread", help="权重最多浮动多少，如 10%。")
    ] = percentage(SPREAD),
    group: Annotated[
        str | None, typer.Option("--group", help="只列这一组的单位，如 A组 或 A。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """名次有多稳：权重、指标、合成方法、印出的位数、系数换一种取法，名次会在哪个范围内。

    例：ywtb robustness --month 2023-06 --group A
    """
    from ywtb.release.robustness_tables import how_sure

    project, wanted = find_project(), valid_month(month)
    try:
        method = Method(draws, read_spread(spread), seed)
    except WrongSpreadError:
        stop(f"浮动“{spread}”有误，应形如 10%，大于 0%，小于 100%，最多两位小数", 2)
    with published(project) as release:
        months = published_months(release, wanted)
        month = wanted or months[-1]
        codes = _codes(release, month, group) if group else set()
    with month_in_memory(project, month) as replayed:
        found, _ = how_sure(replayed, method)
    if group:
        found = _of_groups(found, codes)
    if as_json:
        print_json(
            {
                "month": found.month,
                **vars(method),
                "steps": [
                    {"name": each.name, "title": each.title, "line": each.line, **each.findings}
                    for each in found.steps
                ],
                "units": found.units,
            }
        )
    else:
        for line in _lines(found):
            typer.echo(visible(line))


def _codes(release: "DuckDBPyConnection", month: str, name: str) -> set[str]:
    """Codes of the groups of a month that a code or name means."""
    sql = """
        select distinct group_code, group_name, group_order
        from marts.dim_units inner join reference.groups using (group_code, group_name)
        where score_month = cast(? as date) order by group_order
    """
    known = {code: group for code, group, _ in release.execute(sql, [f"{month}-01"]).fetchall()}
    codes = {code for code, group_name in known.items() if name in (code, group_name)}
    if not codes:
        listed = "、".join(f"{group_name}（{code}）" for code, group_name in known.items())
        stop(f"没有组“{name}”，有：{listed}", 2)
    return codes


def _of_groups(found: "Robustness", codes: set[str]) -> "Robustness":
    """The answer with the units and findings of some groups; lines stay those of the month."""

    def kept(rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if row.get("group_code") in {None, *codes}]

    steps = [
        replace(step, findings={key: kept(rows) for key, rows in step.findings.items()})
        for step in found.steps
    ]
    return replace(found, steps=steps, units=kept(found.units))


def _lines(found: "Robustness") -> Iterator[str]:
    yield f"{found.month} 的名次有多稳："
    for number, step in enumerate(found.steps, start=1):
        yield f"{number}. {step.title}：{step.line}"
        for kind, rows in step.findings.items():
            yield from (f"     {line}" for line in _TOLD[kind](rows))
    ranking = [step for step in found.steps if step.ranks]
    titles = [step.title for step in ranking]
    for label, members in groupby(found.units, lambda unit: str(unit["group_label"])):
        yield f"{label}："
        header = ["  名次", "单位", "得分", *titles, "各步", "是否稳定"]
        cells = (
            [
                f"  {unit['score_rank']}",
                unit["unit_name"],
                str(unit["composite_score"]),
                *(_range(unit["steps"][step.name]) for step in ranking),
                _range(unit),
                "稳定" if unit["is_certain"] else "",
            ]
            for unit in members
        )
        yield from (line.rstrip() for line in aligned([header, *cells]))


def _range(ranks: Row) -> str:
    best, worst = ranks["best_rank"], ranks["worst_rank"]
    times = f"（{ranks['same_rank_draws']} 次不变）" if "same_rank_draws" in ranks else ""
    return f"{best}{times}" if best == worst else f"{best}–{worst}{times}"


def _indicators(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row["lossy_unit_count"]:
            yield (
                f"{row['dimension_name']} {row['indicator_name']}："
                f"{row['lossy_unit_count']} 个单位失分，去掉后 {row['moved_unit_count']} 个变动名次"
            )


def _ties(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        score, names = plain_figure(row["exact_score"]), "、".join(row["unit_names"])
        yield f"{row['group_label']} 并列第 {row['score_rank']} 名（{score}）：{names}"


def _close(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        same = "，所印得分相同" if row["is_printed_equal"] else ""
        yield (
            f"{row['group_label']} {row['unit_above']}高于{row['unit_below']} "
            f"{plain_figure(row['difference'])}{same}"
        )


def _weights(rows: list[Row]) -> Iterator[str]:
    there = (row for row in rows if row["effective_weight"] is not None)
    for label, members in groupby(there, lambda row: str(row["group_label"])):
        shares = "、".join(
            f"{row['dimension_name']} {plain_figure(row['weight'])}"
            f" → {points(row['effective_weight'] * 100)}%"
            for row in members
        )
        yield f"{label}：{shares}"


def _groups(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        for key, title in (("at_full_marks", "全组满分"), ("equal_below", "同分而未满")):
            if row[key]:
                yield f"{row['group_label']} {title}：{'、'.join(row[key])}"


def _pairs(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row["correlation"] is not None:
            yield (
                f"{row['group_label']} {row['dimension_name']}与{row['other_dimension_name']}："
                f"{points(row['correlation'])}（{row['unit_count']} 个单位）"
            )


def _rules(rows: list[Row]) -> Iterator[str]:
    without = (row for row in rows if not row["has_range"])
    for basis, members in groupby(without, lambda row: str(row["basis_name"])):
        yield f"{basis}而没有计算：{'、'.join(row['rule_id'] for row in members)}"


def _ends(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row["refused_by"]:
            end = {"lowest": "下端", "highest": "上端"}[row["end"]]
            yield f"{row['rule_id']} {end}不符：{'、'.join(row['refused_by'])}"


_TOLD = {
    "indicators": _indicators,
    "ties": _ties,
    "close": _close,
    "weights": _weights,
    "groups": _groups,
    "pairs": _pairs,
    "rules": _rules,
    "ends": _ends,
}
"""How what a step found is told, line by line."""
