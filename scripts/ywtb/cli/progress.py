"""How far a run is: a live line per phase on a terminal, a plain line elsewhere, or nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

PHASES = {
    "check": "核对文件",
    "start": "取已发布的各月",
    "start dbt": "启动 dbt",
    "parse": "解析",
    "build and test": "建库和测试",
    "compare": "与已发布的比较",
    "expectations": "核对所收与所发的数据",
    "publish": "发布",
    "export": "导出",
    "synthesize": "生成各市数据",
    "compile": "建规则和名册，编译模型",
    "start workers": "启动进程",
    "survey": "找出变化",
    "build": "计算各市",
    "count": "全省排名和合计",
}
"""Phases of a run, whose log and JSON are in English, as people see them."""


@contextmanager
def progress(is_quiet: bool, unit: str = "个月") -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with the phase that begins, and with units done of units to do."""
    if is_quiet:
        yield lambda phase, done, total: None
    elif sys.stderr.isatty():
        with _live(unit) as live:
            yield live
    else:
        phases: list[str] = []

        def report(phase: str, done: int, total: int) -> None:
            if phase not in phases:
                phases.append(phase)
                typer.echo(f"· {PHASES.get(phase, phase)}", err=True)

        yield report


@contextmanager
def _live(unit: str) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(finished_text="·"), TextColumn("{task.description}", markup=False)
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as shown:

        def report(phase: str, done: int, total: int) -> None:
            name = PHASES.get(phase, phase)
            if not shown.tasks or not shown.tasks[-1].description.startswith(name):
                for task in shown.tasks:
                    shown.update(task.id, total=1, completed=1)
                shown.add_task(name, total=None)
            if total:
                last = shown.task_ids[-1]
                shown.update(last, description=f"{name} {done}/{total} {unit}")

        yield report
        for task in shown.tasks:
            shown.update(task.id, total=1, completed=1)
