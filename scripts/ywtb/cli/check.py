"""The command `ywtb check`."""

import typer

from ywtb.cli.shared import JsonOption, find_project, print_json


def check(as_json: JsonOption = False) -> None:
    """核对种子文件：月份、文件名、编码、列名；不建库。

    例：ywtb check
    """
    from ywtb.pipeline.seed_files import check_files

    problems = check_files(find_project())
    if as_json:
        print_json({"problems": [problem.as_dict() for problem in problems]})
    else:
        for problem in problems:
            typer.echo(str(problem), err=True)
        typer.echo(f"发现 {len(problems)} 处问题" if problems else "种子文件无误")
    if problems:
        raise typer.Exit(1)
