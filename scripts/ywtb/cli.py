"""The command `ywtb`. Exit codes: 0 done, 1 data refused, 2 wrong usage, 3 locked."""

import contextlib
import json
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ywtb.assessment.figures import plain_figure
from ywtb.project import Project, ProjectNotFoundError, SettingsError

app = typer.Typer(
    help="“一网通办”月度考核：核对、计分、发布、说明。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

MonthOption = Annotated[str | None, typer.Option("--month", help="月份，如 2023-06。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")]


def main() -> None:
    """Run the command line; a disk that cannot be read or written is told, not raised."""
    try:
        app()
    except OSError as error:
        typer.echo(f"读写失败：{error}", err=True)
        sys.exit(1)


@app.command()
def check(as_json: JsonOption = False) -> None:
    """核对种子文件：月份、文件名、编码、列名；不建库。"""
    from ywtb.intake.store import recover_if_idle
    from ywtb.pipeline.seed_files import check_files

    project = _project()
    recover_if_idle(project)
    problems = check_files(project)
    if as_json:
        _print_json({"problems": [problem.as_dict() for problem in problems]})
    else:
        for problem in problems:
            typer.echo(str(problem), err=True)
        typer.echo(f"发现 {len(problems)} 处问题" if problems else "种子文件无误")
    if problems:
        raise typer.Exit(1)


@app.command()
def template(
    month: Annotated[str, typer.Option("--month", help="月份，如 2023-07。")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹。")],
    file_format: Annotated[str, typer.Option("--format", help="xlsx 或 csv。")] = "xlsx",
) -> None:
    """生成某月的空白填报表：每项一张表，单位按序列好，附填表说明。"""
    from ywtb.intake.template import FORMATS, write_template

    _valid_month(month)
    if file_format not in FORMATS:
        _stop(f"格式“{file_format}”有误，应为 {'、'.join(FORMATS)}", 2)
    try:
        written = write_template(_project(), month, out, file_format)
    except FileExistsError as error:
        _stop(f"{error} 已存在，不覆盖；请先移走", 2)
    for path in written:
        typer.echo(f"已写出 {path}")


@app.command()
def ingest(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="文件或文件夹。")],
    month: Annotated[str, typer.Option("--month", help="月份，如 2023-07。")],
    replace: Annotated[bool, typer.Option("--replace", help="替换已有的月份。")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="修改已发布月份的理由。")] = None,
    as_json: JsonOption = False,
) -> None:
    """收取某月的数据：全部核对无误才写入种子，原件存档；有任何问题则什么也不写。"""
    from ywtb.intake import ingest as job
    from ywtb.lock import LockedError

    _valid_month(month)
    project = _project()
    try:
        outcome = job.ingest(project, sources, month, replace, reason)
    except job.UsageError as error:
        for line in _intake_lines(error.outcome) if error.outcome else []:
            typer.echo(line, err=True)
        _stop(str(error), 2)
    except SettingsError as error:
        _stop(str(error), 2)
    except OSError as error:
        _stop(f"写入失败，种子没有改动或将由下一次收取补完：{error}", 1)
    except LockedError as error:
        _stop(f"{error} 正在进行", 3)
    if as_json:
        _print_json(outcome.as_dict())
    elif outcome.problems:
        for problem in outcome.problems:
            typer.echo(str(problem), err=True)
        typer.echo(f"发现 {len(outcome.problems)} 处问题，什么也没有写入", err=True)
    else:
        for line in _intake_lines(outcome):
            typer.echo(line)
        if outcome.is_written:
            typer.echo(f"已写入 {month}，原件和来源记录存于 {outcome.archive}")
        else:
            typer.echo(f"{month} 与已有数据完全一致，无需写入")
    if outcome.problems:
        raise typer.Exit(1)


@app.command()
def refresh(
    month: MonthOption = None,
    revise: Annotated[
        list[str] | None, typer.Option("--revise", help="允许更正的已发布月份，可多次给出。")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="更正的原因。")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="保留几次发布。")] = 24,
    notify_command: Annotated[
        str | None, typer.Option("--notify-command", help="结束后运行的命令，摘要从标准输入给它。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """主任务：核对、建库、测试，全部通过才发布；然后印出摘要（--month 选月份，默认全部）。"""
    from ywtb.lock import LockedError
    from ywtb.pipeline import refresh as job

    project = _project()
    wanted = _valid_month(month)
    with contextlib.suppress(SettingsError):  # the refresh itself says what is wrong with them
        if wanted and wanted.replace("-", "_") not in project.score_months():
            _stop(f"score_months 中没有 {wanted}", 2)
    months = tuple(each for each in (_valid_month(given) for given in revise or []) if each)
    if bool(months) != bool(reason and reason.strip()):
        _stop("更正已发布的月份须同时给出 --revise 和 --reason", 2)
    revision = job.Revision(months, reason.strip()) if reason else None
    try:
        outcome = job.refresh(project, _show_phase, revision, keep)
    except LockedError as error:
        _notify(notify_command, line := f"ywtb refresh 未运行：{error} 正在进行")
        _stop(line, 3)
    except OSError as error:
        _notify(notify_command, line := f"ywtb refresh 没有完成，读写失败：{error}")
        _stop(line, 1)
    if outcome.is_published:
        _print_published(project, outcome, wanted, as_json)
        line = f"ywtb refresh 完成：已发布 {outcome.release}"
        if any(export.error for export in outcome.exports):
            line += "，但导出没有完成"
    else:
        _print_refused(project, outcome, as_json)
        line = (
            f"ywtb refresh 未发布：{len(outcome.problems)} 处数据问题，"
            f"{len(outcome.failures)} 项测试未过，{len(outcome.frozen_months)} 个已发布月份会变"
        )
    typer.echo(line, err=True)
    _notify(notify_command, line)
    is_done = outcome.is_published and not any(export.error for export in outcome.exports)
    raise typer.Exit(0 if is_done else 1)


@app.command()
def preview(month: MonthOption = None, as_json: JsonOption = False) -> None:
    """另行建库，印出与已发布数据的不同之处；不发布。"""
    from ywtb.lock import LockedError
    from ywtb.pipeline import refresh as job

    project = _project()
    wanted = _valid_month(month)
    try:
        outcome = job.preview(project, _show_phase)
    except LockedError as error:
        _stop(f"{error} 正在进行", 3)
    changes = [change for change in outcome.changes if wanted in (None, change.month)]
    if outcome.is_refused:
        _print_refused(project, outcome, as_json)
        raise typer.Exit(1)
    if as_json:
        _print_json({"changes": [vars(change) for change in changes]})
    else:
        for change in changes:
            typer.echo(str(change))
        typer.echo(f"已发布的月份有 {len(changes)} 个单元格会变")


@app.command()
def export(month: MonthOption = None, as_json: JsonOption = False) -> None:
    """写出已发布月份的工作簿、通报、数据文件和网页；不给 --month 则写出有变化的各月。"""
    from ywtb.exports.month_folder import export_months
    from ywtb.lock import LockedError, writer_lock
    from ywtb.release import queries

    project = _project()
    wanted = _valid_month(month)
    try:
        with queries.open_release(project) as release:
            published = queries.months(release)
        if wanted and wanted not in published:
            _stop(f"没有发布 {wanted}，已发布：{'、'.join(published)}", 2)
        with writer_lock(project, "export"):
            done = export_months(project, [wanted] if wanted else None, _show_phase)
    except queries.NotPublishedError:
        _stop("还没有发布过：先运行 ywtb refresh", 2)
    except LockedError as error:
        _stop(f"{error} 正在进行", 3)
    if as_json:
        _print_json({"exports": [each.as_dict() for each in done]})
    else:
        for line in _export_lines(project, done) or ["各月的导出都是最新的"]:
            typer.echo(line)
    raise typer.Exit(1 if any(each.error for each in done) else 0)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """当前发布的是哪一次、由什么建成；还留有哪几次。"""
    from ywtb.release import releases

    project = _project()
    published = releases.published_release(project)
    if published is None:
        _stop("还没有发布过：先运行 ywtb refresh", 2)
    manifest = releases.read_manifest(project.published)
    kept = releases.complete_releases(project)
    if as_json:
        _print_json({**manifest, "releases": kept})
        return
    tools = "，".join(f"{name} {number}" for name, number in manifest["tool_versions"].items())
    for line in (
        f"已发布 {manifest['release_id']}，建于 {manifest['built_at']} UTC",
        f"月份：{'、'.join(manifest['score_months'])}",
        f"种子 {manifest['seed_count']} 个，数据 {manifest['row_count']} 行，"
        f"测试 {manifest['test_count']} 项，期望 {manifest['expectation_count']} 项",
        f"代码 {manifest['code_version']}；{tools}",
        f"前一次发布：{manifest['previous_release_id'] or '无'}",
        f"留有 {len(kept)} 次：{'、'.join(kept)}",
    ):
        typer.echo(line)


@app.command()
def rollback(
    release: Annotated[str | None, typer.Argument(help="发布编号；默认前一次。")] = None,
) -> None:
    """退回到以前的一次发布，导出随之退回。"""
    from ywtb.exports.month_folder import export_months
    from ywtb.lock import LockedError, writer_lock
    from ywtb.release import releases

    project = _project()
    published = releases.published_release(project)
    if published is None:
        _stop("还没有发布过：先运行 ywtb refresh", 2)
    try:
        with writer_lock(project, "rollback"):
            wanted = releases.go_back(project, release)
            exports = export_months(project)
    except LockedError as error:
        _stop(f"{error} 正在进行", 3)
    except releases.NoReleaseError as error:
        kept = "、".join(releases.complete_releases(project))
        _stop(f"没有可退回的发布（{error}），留有：{kept}", 2)
    typer.echo(f"已从 {published} 换到 {wanted}")
    for line in _export_lines(project, exports):
        typer.echo(line)


@app.command()
def explain(
    unit: Annotated[str, typer.Argument(help="单位名称、别名或编号。")],
    month: MonthOption = None,
    as_json: JsonOption = False,
) -> None:
    """说明一个单位每一分失在哪里：规则、原值、来源单元格。"""
    from ywtb.release import queries

    wanted = _valid_month(month)
    try:
        with queries.open_release(_project()) as release:
            published = queries.months(release)
            if wanted and wanted not in published:
                _stop(f"没有发布 {wanted}，已发布：{'、'.join(published)}", 2)
            found = queries.explanation(release, unit, wanted or published[-1])
    except queries.NotPublishedError:
        _stop("还没有发布过：先运行 ywtb refresh", 2)
    except queries.UnknownUnitError as error:
        _stop(f"没有单位“{unit}”" + (f"，最接近的是：{error}" if str(error) else ""), 2)
    if as_json:
        _print_json(found)
    else:
        for line in _explanation_lines(found):
            typer.echo(line)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL，只读。")], as_json: JsonOption = False
) -> None:
    """在已发布的数据库上运行一条只读 SQL。"""
    import duckdb

    from ywtb.release import queries

    try:
        with queries.open_release(_project()) as release:
            found = queries.rows(release, sql)
    except queries.NotPublishedError:
        _stop("还没有发布过：先运行 ywtb refresh", 2)
    except duckdb.Error as error:
        _stop(f"SQL 有误：{error}", 2)
    if as_json:
        _print_json(found)
    elif found:
        _print_table(found)
    if not as_json:
        typer.echo(f"{len(found)} 行")


PHASES = {
    "check": "核对文件",
    "start dbt": "启动 dbt",
    "parse": "解析",
    "build and test": "建库和测试",
    "expectations of what arrives": "核对收到的数据",
    "expectations of what leaves": "核对要发出的数据",
    "data docs": "写核对报告",
    "compare": "与已发布的比较",
    "publish": "发布",
    "export": "导出",
}
"""Phases of a refresh, whose log and JSON are in English, as people see them."""


def _show_phase(name: str) -> None:
    typer.echo(f"· {PHASES.get(name, name)}", err=True)


def _notify(command: str | None, line: str) -> None:
    """Run the command of --notify-command, without a shell; its failure is told, not raised."""
    if command is None:
        return
    import shlex
    import subprocess

    try:
        subprocess.run(  # noqa: S603 (the caller's own command)
            shlex.split(command), input=f"{line}\n", text=True, timeout=60, check=True
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        typer.echo(f"通知命令没有成功：{error}", err=True)


def _print_published(project: Project, outcome: Any, wanted: str | None, as_json: bool) -> None:
    from ywtb.release import queries

    with queries.open_release(project) as release:
        summaries = [
            queries.summary(release, each)
            for each in queries.months(release)
            if wanted in (None, each)
        ]
    database = str(project.published.relative_to(project.root))
    seconds = {phase: round(value, 2) for phase, value in outcome.seconds.items()}
    if as_json:
        _print_json(
            {
                "release": outcome.release,
                "database": database,
                "months": summaries,
                "warnings": outcome.warnings,
                "changes": [vars(change) for change in outcome.changes],
                "exports": [export.as_dict() for export in outcome.exports],
                "seconds": seconds,
            }
        )
        return
    typer.echo(f"已发布 {outcome.release}，共 {len(summaries)} 个月")
    for each in summaries:
        for line in _summary_lines(each):
            typer.echo(line)
    for warning in outcome.warnings:
        typer.echo(f"提醒：{warning}")
    for change in outcome.changes:
        typer.echo(f"更正：{change}")
    for line in _export_lines(project, outcome.exports):
        typer.echo(line)
    typer.echo(f"数据库：{database}")
    taken = (f"{PHASES[phase]} {value:.2f} 秒" for phase, value in seconds.items())
    typer.echo("用时：" + "，".join(taken))


def _export_lines(project: Project, exports: Sequence[Any]) -> list[str]:
    lines = []
    for export in exports:
        folder = export.folder.relative_to(project.root)
        if export.error is not None:
            lines.append(
                f"✗ {export.month} 导出失败，{folder} 仍是原来的：{export.error}；"
                f"排除后运行 ywtb export --month {export.month}"
            )
        else:
            lines.append(f"导出：{folder}" + "".join(f"（{note}）" for note in export.notes))
    return lines


def _print_refused(project: Project, outcome: Any, as_json: bool) -> None:
    """Everything that stands in the way, and which release is still the published one."""
    from ywtb.release.releases import published_release

    published = published_release(project)
    if as_json:
        _print_json(
            {
                "release": None,
                "published_release": published,
                "problems": [problem.as_dict() for problem in outcome.problems],
                "failures": [vars(failure) for failure in outcome.failures],
                "changes": [vars(change) for change in outcome.changes],
            }
        )
        return
    for line in _refusal(outcome.problems, outcome.failures):
        typer.echo(line, err=True)
    for month in outcome.frozen_months:
        typer.echo(
            f"✗ {month} 已发布，以下数值会变；确属更正的，加 --revise {month} --reason “原因”：",
            err=True,
        )
        for change in outcome.changes:
            if change.month == month:
                typer.echo(f"    {change}", err=True)
    typer.echo(
        f"未发布。已发布的仍是 {published}" if published else "未发布，此前也没有发布过。", err=True
    )


def _project() -> Project:
    try:
        return Project.find(Path.cwd())
    except ProjectNotFoundError:
        _stop("当前文件夹不在 ywtb 项目之内", 2)


def _valid_month(month: str | None) -> str | None:
    if month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        _stop(f"月份“{month}”有误，应形如 2023-06", 2)
    return month


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _plain(value: Any) -> str:
    """JSON text of a decimal or a date, so that no score becomes a float, nor gets an exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=_plain))


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*found[0], box=None, pad_edge=False)
    for row in found:
        table.add_row(*(Text("" if each is None else _plain(each)) for each in row.values()))
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width).print(table)


def _refusal(problems: Sequence[Any], failures: Sequence[Any]) -> list[str]:
    """Every problem and failing row, one line each."""
    lines = [str(problem) for problem in problems]
    for failure in failures:
        count = f"（{len(failure.rows)} 行不符）" if failure.rows else ""
        lines.append(f"✗ {failure.name}：{failure.message.strip()}{count}")
        for row in failure.rows:
            cells = (f"{name}={value}" for name, value in row.items() if value is not None)
            lines.append("    " + "，".join(cells))
    return lines


def _intake_lines(outcome: Any) -> list[str]:
    """What an intake writes, feed by feed and changed cell by changed cell."""
    lines = []
    for feed in outcome.feeds:
        lines.append(
            f"{feed.label}：{feed.rows} 行，新增 {feed.new_rows} 行，减少 {feed.removed_rows} 行，"
            f"改动 {len(feed.changes)} 格"
        )
        for change in feed.changes:
            old, new = ("无" if each is None else f"“{each}”" for each in (change.old, change.new))
            lines.append(f"    {change.key} {change.column}：{old} → {new}")
    if outcome.kept_feeds:
        lines.append(f"未收到、保持不变：{'、'.join(outcome.kept_feeds)}")
    if outcome.unused_metrics:
        lines.append(f"未填的全市指标：{'、'.join(outcome.unused_metrics)}")
    return lines


def _summary_lines(found: dict[str, Any]) -> list[str]:
    groups = found["groups"]
    sizes = "，".join(f"{group['group_name']} {group['unit_count']}" for group in groups)
    lines = [f"{found['month']}  单位 {sum(group['unit_count'] for group in groups)}（{sizes}）"]
    lines += [
        f"  {group['group_name']}：第一 {group['top_unit']} {group['top_score']}，"
        f"末位 {group['bottom_unit']} {group['bottom_score']}"
        for group in groups
    ]
    compared = [
        f"{name} {found[f'reproduced_{kind}']:,}/{found[f'printed_{kind}']:,} 一致"
        for kind, name in (("cells", "所印单元格"), ("scores", "所印得分"))
        if found[f"printed_{kind}"]
    ]
    lines.append(
        f"  复核：{'，'.join(compared) or '没有所印数值'}；"
        f"勘误 {found['corrections']} 处，推算 {found['imputed_cells']} 格"
    )
    lines += [
        f"  得分调整：{adjustment['unit_name']} {adjustment['dimension_name']} "
        f"{plain_figure(adjustment['adjustment_points'])}（{adjustment['reason']}）"
        for adjustment in found["adjustments"]
    ]
    lines.append(
        f"  假定规则 {found['assumed_rules']} 条，"
        f"涉及 {plain_figure(found['assumed_points_at_stake'])} 分，"
        f"本月由此失分 {plain_figure(found['assumed_points_lost'])}"
    )
    return lines


def _explanation_lines(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{found['month']} {found['unit_name']}（{found['unit_id']}，{found['group_name']}）："
        f"{found['composite_score']} 分，序号 {found['sequence_no']}/{found['group_size']}，"
        f"名次 {found['score_rank']}；准确得分 {plain_figure(found['exact_score'])}",
    ]
    for dimension in found["dimensions"]:
        lines.append(
            f"{dimension['dimension_name']}：{plain_figure(dimension['score'])} / "
            f"{plain_figure(dimension['weight'])}"
        )
        for loss in found["losses"]:
            if loss["dimension_name"] == dimension["dimension_name"]:
                lines += _loss_lines(loss)
    total = sum((loss["points_lost"] for loss in found["losses"]), Decimal(0))
    lines.append(f"合计失分 {plain_figure(total)} = 100 − {plain_figure(found['exact_score'])}")
    return lines


def _loss_lines(loss: dict[str, Any]) -> list[str]:
    cause = (
        loss["indicator_name"]
        or {
            "adjustment": "得分调整",
            "dimension_floor": "封底",
        }[loss["entry_type"]]
    )
    sign = "−" if loss["points_lost"] > 0 else "+"
    lines = [f"  {sign}{plain_figure(abs(loss['points_lost']))} {cause}：{loss['reason']}"]
    if loss["entry_type"] == "indicator":
        if loss["source_file"] is not None and loss["obs_status"] != "I":
            place = f"{loss['source_file']} 第{loss['source_row']}行"
            source = f"{place}，原值“{loss['printed_value']}”"
        else:
            source = f"推算值 {plain_figure(loss['obs_value'])}"
        lines.append(f"      {source}；规则 {loss['rule_id']}（{loss['basis_name']}）")
    if loss["erratum_id"] is not None:
        lines.append(f"      勘误 {loss['erratum_id']}")
    return lines
