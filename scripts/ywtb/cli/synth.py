"""The command `ywtb synth`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ywtb.cli.progress import progress
from ywtb.cli.shared import (
    JsonOption,
    QuietOption,
    find_project,
    print_json,
    stop,
    valid_month,
)
from ywtb.project import SettingsError


def synth(
    cities: Annotated[int, typer.Option("--cities", min=1, max=99_999, help="几个市。")],
    months: Annotated[int, typer.Option("--months", min=1, max=1_200, help="几个月。")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="种子，相同则数据相同。")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹，不存在或为空。")],
    first: Annotated[
        str | None,
        typer.Option("--first-month", help="从哪个月起，如 2023-01，默认为有考核规则的第一个月。"),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """生成若干市若干月的合成数据，供试算和测试。

    例：ywtb synth --cities 60 --months 12 --seed 1 --out ../合成
    """
    from ywtb.assessment.months import first_month
    from ywtb.synth import synthesize

    valid_month(first)
    project = find_project()
    try:
        start = first_month(project)
        if first and first < start:
            stop(f"月份“{first}”有误，应不早于 {start}，考核规则从那时起才有", 2)
        year, month = map(int, (first or start).split("-"))
        days = [
            date(year + number // 12, number % 12 + 1, 1)
            for number in range(month - 1, month - 1 + months)
        ]
        with progress(quiet, "个市") as report:
            made = synthesize(project, out.absolute(), cities, days, seed, report)
    except FileExistsError:
        stop(f"{out} 已有内容，不覆盖；应为不存在或空的文件夹", 2)
    except SettingsError as error:
        stop(str(error), 2)
    if as_json:
        print_json(vars(made))
        return
    typer.echo(
        f"{made.cities} 市 {len(made.months)} 月 {made.unit_months} {made.observations} {made.files}"
    )
