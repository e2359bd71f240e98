"""The command `ywtb note`."""

from datetime import date, datetime
from typing import Annotated

import typer

from ywtb.cli.shared import (
    find_project,
    one_writer,
    published,
    published_months,
    stop,
    valid_month,
)


def note(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    unit: Annotated[str, typer.Argument(help="单位名称、别名、简称或编号。")],
    indicator: Annotated[str, typer.Argument(help="当月台账中的指标，名称或代码。")],
    text: Annotated[str, typer.Option("--text", help="单位的说明：原因、措施、延期的理由。")],
    noted_on: Annotated[
        datetime | None, typer.Option("--noted-on", formats=["%Y-%m-%d"], help="说明的日期。")
    ] = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；几个城市有同名单位时须给出。")
    ] = None,
) -> None:
    """记下单位对整改台账中一项问题的说明，已发布的月份也可以补记。

    例：ywtb note 2023-06 大竹县 新增未签章数 --text 已全部补签
    """
    from ywtb.assessment import reviews
    from ywtb.lock import writer_lock
    from ywtb.release import queries

    valid_month(month)
    if not text.strip():
        stop("须写明单位的说明：--text “……”", 2)
    project = find_project()
    try:
        with published(project) as release:
            published_months(release, month)
            found = queries.find_unit(release, unit, month, city)
            faults = queries.faults(release, month, found["unit_id"])
    except queries.NotOneUnitError as error:
        stop(str(error), 2)
    named = [each for each in faults if indicator.strip() in each.values()]
    if not named:
        listed = "、".join(each["indicator_name"] for each in faults) or "无"
        stop(f"{month} 的台账中没有{found['unit_name']}的“{indicator}”，该单位有：{listed}", 2)
    day = noted_on.date() if noted_on else date.today()
    with one_writer(), writer_lock(project, "note"):
        reviews.note(
            project,
            {
                "score_month": f"{month}-01",
                "city_code": found["city_code"],
                "unit_name": found["unit_name"],
                "indicator_code": named[0]["indicator_code"],
                "note": " ".join(text.split()),
                "noted_on": day.isoformat(),
            },
        )
    typer.echo(
        f"已记下{found['unit_name']}的说明，记于 seeds/{reviews.NOTES}.csv；运行 ywtb refresh"
    )
