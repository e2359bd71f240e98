"""The command `ywtb province`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ywtb.assessment.problem import Problem, problem_lines
from ywtb.cli.outcome import failure_lines
from ywtb.cli.progress import PHASES, progress
from ywtb.cli.shared import (
    JsonOption,
    QuietOption,
    find_project,
    one_writer,
    print_json,
    stop,
    stop_wrong_usage,
)


def province(
    source: Annotated[
        Path,
        typer.Argument(help="各市数据所在的文件夹，其中为 city_code=…/score_month=…/*.parquet。"),
    ],
    out: Annotated[Path, typer.Option("--out", help="结果写入的文件夹。")],
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Dask 调度器，如 tcp://主机:8786。")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="在本机启动几个进程，默认为处理器数。")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """计算全省各市各月，只算有变化的；结果按表、市、月存为 Parquet。

    例：ywtb province 全省 --out 结果 --workers 4
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        stop("ywtb province 需要 Dask：make refresh WITH=province，或 uv sync --group province", 2)
    from ywtb.province.plan import PlanError
    from ywtb.province.run import SchedulerError, SourceError, run

    if scheduler and workers:
        stop_wrong_usage("--scheduler 与 --workers 只能给出一个")
    project = find_project()
    count = workers or os.cpu_count() or 1
    try:
        with one_writer(), progress(quiet, "个市") as report:
            outcome = run(project, source, out, scheduler, count, report)
    except SourceError as error:
        stop(str(error), 2)
    except PlanError as error:
        for line in failure_lines(error.failures):
            typer.echo(line, err=True)
        stop("规则和名册未通过，没有计算", 1)
    except (SchedulerError, OSError) as error:
        stop(str(error), 1)
    if as_json:
        print_json(_answer(outcome))
    else:
        _print(outcome)
    raise typer.Exit(1 if outcome.refused or outcome.failures else 0)


def _answer(outcome: Any) -> dict[str, Any]:
    return {
        "cities": outcome.city_count,
        "built": outcome.built,
        "refused": [
            {
                "city_code": code,
                "city_name": outcome.names.get(code),
                "problems": [problem.as_dict() for problem in _problems(outcome, failures)],
                "failures": [vars(each) for each in failures if not each.problems(outcome.names)],
            }
            for code, failures in sorted(outcome.refused.items())
        ],
        "removed": outcome.removed,
        "counted": outcome.counted,
        "failures": [vars(each) for each in outcome.failures],
        "dashboard": outcome.dashboard,
        "seconds": outcome.seconds,
    }


def _print(outcome: Any) -> None:
    for code, failures in sorted(outcome.refused.items()):
        name = " ".join(each for each in (outcome.names.get(code), code) if each)
        typer.echo(f"✗ {name} 未通过，结果仍是原来的：", err=True)
        for line in problem_lines(_problems(outcome, failures)):
            typer.echo(f"  {line}", err=True)
        for line in failure_lines([each for each in failures if not each.problems({})]):
            typer.echo(f"  {line}", err=True)
    for line in failure_lines(outcome.failures):
        typer.echo(line, err=True)
    months = sum(map(len, outcome.built.values()))
    kept = outcome.city_count - len(outcome.built) - len(outcome.refused)
    typer.echo(
        f"{outcome.city_count} 个市：计算 {len(outcome.built)} 个市 {months} 个月，"
        f"没有变化 {kept} 个，未通过 {len(outcome.refused)} 个"
        + (f"，移除 {len(outcome.removed)} 个" if outcome.removed else "")
    )
    if outcome.counted:
        typer.echo(f"全省排名和合计：{'、'.join(month[:7] for month in outcome.counted)}")
    taken = (f"{PHASES[phase]} {value:.2f} 秒" for phase, value in outcome.seconds.items())
    typer.echo("用时：" + "，".join(taken))


def _problems(outcome: Any, failures: Sequence[Any]) -> list[Problem]:
    return [problem for each in failures for problem in each.problems(outcome.names)]
