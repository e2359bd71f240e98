"""The command `ywtb template`."""

from pathlib import Path
from typing import Annotated

import typer

from ywtb.cli.shared import find_project, stop, stop_unless_assessable, valid_month
from ywtb.project import SettingsError


def template(
    month: Annotated[str, typer.Option("--month", help="月份，如 2023-07。")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹。")],
    file_format: Annotated[str, typer.Option("--format", help="xlsx 或 csv。")] = "xlsx",
) -> None:
    """生成某月的空白填报表：每项一张表，单位按序列好，附填表说明。

    例：ywtb template --month 2023-07 --out 下发
    """
    from ywtb.intake.template import FORMATS, write_template

    valid_month(month)
    if file_format not in FORMATS:
        stop(f"格式“{file_format}”有误，应为 {'、'.join(FORMATS)}", 2)
    project = find_project()
    stop_unless_assessable(project, month, years_ahead=1)
    try:
        written = write_template(project, month, out, file_format)
    except FileExistsError as error:
        stop(f"{error.filename or error} 已存在，不覆盖；请先移走", 2)
    except SettingsError as error:
        stop(str(error), 2)
    for path in written:
        typer.echo(f"已写出 {path}")
