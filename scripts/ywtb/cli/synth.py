"""The command `ywtb synth`."""

import json
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
    seed: Annotated[int, typer.Option("--seed", min=0, help="种子：相同的种子，数据也相同。")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹，应不存在或为空。")],
    first: Annotated[
        str | None,
        typer.Option("--first-month", help="从哪个月起，如 2023-01；默认为考核规则的第一个月。"),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """生成若干个市若干个月的合成数据，供试算和测试。

    例：ywtb synth --cities 60 --months 12 --seed 1 --out ../合成
    """
    from ywtb.assessment.months import first_month
    from ywtb.synth.synthesis import synthesize

    valid_month(first)
    project = find_project()
    try:
        earliest = first_month(project)
        if first and first < earliest:
            stop(f"月份“{first}”有误，应不早于 {earliest}，考核规则从那时起才有", 2)
        with progress(quiet, "个市") as report:
            days = _months(first or earliest, months)
            made = synthesize(project, out, cities, days, seed, report)
    except FileExistsError:
        stop(f"{out} 不是空的文件夹，不覆盖；请先移走，或换一个文件夹", 2)
    except SettingsError as error:
        stop(str(error), 2)
    if as_json:
        print_json(vars(made))
        return
    first, last = made.months[0], made.months[-1]
    period = first if first == last else f"{first} 至 {last}"
    typer.echo(
        f"已生成 {made.cities} 个市 {len(made.months)} 个月（{period}）："
        f"{made.unit_months:,} 个单位月，{made.observations:,} 个指标值，{made.files:,} 个文件"
    )
    if made.own_months:
        typer.echo(f"本项目的市也在其中，数据照旧：{'、'.join(made.own_months)}")
    names = [month.replace("-", "_") for month in made.months]
    if made.has_seeds:
        listed = json.dumps(sorted({*names, *project.score_months()}))
        typer.echo(
            f"作为种子：cp -r {out}/seeds/. seeds/，dbt_project.yml 中 score_months: {listed}"
        )
    variables = json.dumps({"raw_path": f"{out.absolute()}/raw", "score_months": names})
    typer.echo(
        f"作为文件：ywtb province {out} --out …；或 cp {out}/seeds/reference/* seeds/reference/ 后 "
        f"dbt build --target province --vars '{variables}'"
    )


def _months(first: str, count: int) -> list[date]:
    """First days of so many months."""
    year, month = map(int, first.split("-"))
    numbers = range(12 * year + month - 1, 12 * year + month - 1 + count)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
