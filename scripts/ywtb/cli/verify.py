"""The command `ywtb verify`."""

from dataclasses import asdict

import typer

from ywtb.cli.shared import JsonOption, find_project, one_writer, print_json


def verify(as_json: JsonOption = False) -> None:
    """逐个文件核对校验和：各次发布、发布记录、导出、收取的原件；不改动任何文件。

    例：ywtb verify
    """
    from ywtb.pipeline import verification

    with one_writer():
        found = verification.verify(find_project())
    if as_json:
        lines = [str(damage) for damage in found]
        print_json({"problems": [asdict(damage) for damage in found], "lines": lines})
    else:
        for damage in found:
            typer.echo(str(damage), err=True)
        typer.echo(f"发现 {len(found)} 处问题" if found else "与发布、收取时一致")
    if found:
        raise typer.Exit(1)
