"""The command `ywtb export`."""

from typing import Annotated

import typer

from ywtb.cli.outcome import export_lines
from ywtb.cli.progress import progress
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    QuietOption,
    find_project,
    one_writer,
    print_json,
    published,
    published_city,
    published_months,
    valid_month,
)


def export(
    month: MonthOption = None,
    city: Annotated[
        str | None, typer.Option("--city", help="城市名称或代码；不给则写出各城市。")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """写出已发布月份的工作簿、通报、数据文件和网页；不给 --month 则写出有变化的各月。

    例：ywtb export --month 2023-06 --city 达州市
    """
    from ywtb.exports.month_folder import export_months
    from ywtb.lock import writer_lock

    project = find_project()
    wanted = valid_month(month)
    with published(project) as release:
        published_months(release, wanted)
        city_code = published_city(release, city, wanted) if city else None
    with one_writer(), writer_lock(project, "export"), progress(quiet) as report:
        done = export_months(project, [wanted] if wanted else None, report, city_code)
    if as_json:
        print_json({"exports": [each.as_dict() for each in done]})
    else:
        for line in export_lines(project, done) or ["各月的导出都是最新的"]:
            typer.echo(line)
    raise typer.Exit(1 if any(each.error for each in done) else 0)
