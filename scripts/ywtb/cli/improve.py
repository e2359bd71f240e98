"""The command `ywtb improve`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import typer

from ywtb.assessment.figures import plain_figure, signed
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    print_json,
    published,
    published_months,
    stop,
    valid_month,
)


def improve(
    unit: Annotated[str, typer.Argument(help="单位名称、别名、简称或编号。")],
    month: MonthOption = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；几个城市有同名单位时须给出。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """一个单位改善哪一项最有用：做到最好得多少分、升多少名，升一名至少做到多少。

    例：ywtb improve 大竹县 --month 2023-06
    """
    from ywtb.release import queries
    from ywtb.release.improve import improvements
    from ywtb.release.releases import published_database
    from ywtb.release.replay import NoScoringError

    project, wanted = find_project(), valid_month(month)
    with published(project) as release:
        latest = published_months(release, wanted)[-1]
    try:
        found = improvements(published_database(project), unit, wanted or latest, city)
    except queries.NotOneUnitError as error:
        stop(str(error), 2)
    except NoScoringError:
        stop("已发布的数据库没有存下计分语句或等次，先运行 ywtb refresh", 2)
    if as_json:
        print_json(found)
    else:
        for line in _lines(found):
            typer.echo(line)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{found['month']} {found['unit_name']}（{found['group_name']}）："
        f"{found['composite_score']} 分，第 {found['score_rank']} 名（共 {found['group_size']} 个）"
    )
    if above := found["above"]:
        gap = plain_figure(above[0]["exact_score"] - found["exact_score"])
        names = "、".join(each["unit_name"] for each in above)
        yield f"前一名：{names} {above[0]['composite_score']} 分，准确得分相差 {gap} 分"
    if grade := found["grade"]:
        yield f"等次：{grade['grade_name']}"
    if better := found["next_grade"]:
        gap = better["min_score"] - found["composite_score"]
        yield f"离“{better['grade_name']}”（{plain_figure(better['min_score'])} 分）还差 {gap} 分"
    elif not grade:
        yield "等次：该月没有规定"
    if found["indicators"]:
        yield "只改善一项，其余不变："
    for each in found["indicators"]:
        value = _value(each, each["obs_value"])
        name = f"{each['dimension_name']} {each['indicator_name']}"
        yield f"  {name} {value}：{'；'.join(_effects(found, each))}"
    if every := found["all_best"]:
        yield (
            f"以上各项都做到最好：{signed(every['score_change'])}，{every['composite_score']} 分，"
            f"第 {every['score_rank']} 名"
        )


def _effects(found: dict[str, Any], indicator: dict[str, Any]) -> Iterator[str]:
    best = indicator["best"]
    if best is None:
        yield "没有更好的值"
        return
    gain = signed(best["score_change"])
    yield f"最好为 {_value(indicator, best['obs_value'])}，{gain} 分{_place(found, best)}"
    if place := indicator["next_place"]:
        yield f"升名次至少到 {_value(indicator, place['obs_value'])}{_place(found, place)}"
    elif found["above"]:
        yield "单靠此项升不了名次"
    if grade := indicator["next_grade"]:
        reached = _value(indicator, grade["obs_value"])
        yield f"到“{found['next_grade']['grade_name']}”至少 {reached}"
    elif found["next_grade"]:
        yield f"单靠此项到不了“{found['next_grade']['grade_name']}”"


def _place(found: dict[str, Any], scores: dict[str, Any]) -> str:
    moved = scores["score_rank"] != found["score_rank"]
    return f"，第 {scores['score_rank']} 名" if moved else ""


def _value(indicator: dict[str, Any], value: Decimal) -> str:
    return plain_figure(value) + ("%" if indicator["value_type"] == "percent" else "")
