"""What the commands share: options, the project, the published release, answers and refusals."""

import codecs
import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ywtb.assessment.figures import plain_figure, visible
from ywtb.project import Project, ProjectNotFoundError, SettingsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ywtb.release.replay import Replay

MonthOption = Annotated[str | None, typer.Option("--month", help="月份，如 2023-06。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="不显示进度。")]

WIDEST = 200
"""Columns are aligned up to so many places of a terminal; a longer cell pushes what follows it."""


def one_line(message: str) -> str:
    """A message that a library or what was given may have broken, on one line."""
    return visible(" ".join(message.split()))


def stop(message: str, code: int) -> NoReturn:
    """Say why nothing more is done, and exit."""
    typer.echo(one_line(message), err=True)
    raise typer.Exit(code)


def stop_wrong_usage(said: str) -> NoReturn:
    """Say what does not fit in the options given, as of any that the command does not know."""
    raise typer.TyperException(said)


def stop_unpublished() -> NoReturn:
    """Exit because there is no published release to ask."""
    stop("还没有发布过：先运行 ywtb refresh", 2)


def find_project() -> Project:
    """The project that the current folder lies in."""
    try:
        project = Project.find(Path.cwd())
    except ProjectNotFoundError:
        stop("当前文件夹不在 ywtb 项目之内", 2)
    if "?" in str(project.root):  # DuckDB takes what follows for parameters of a web address
        stop(f"项目所在的路径含有问号，数据库无法打开，请移到别处：{project.root}", 2)
    return project


def valid_month(month: str | None) -> str | None:
    """The month as given, if it is written as 2023-06."""
    if month is not None and not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        stop(f"月份“{month}”有误，应形如 2023-06", 2)
    return month


def stop_unless_assessable(project: Project, month: str, years_ahead: int = 0) -> None:
    """Exit because a month lies before the rules, or too far ahead."""
    from ywtb.assessment.months import expected_month

    try:
        expected = expected_month(project, month, years_ahead)
    except SettingsError as error:
        stop(str(error), 2)
    if expected:
        stop(f"月份“{month}”有误，应{expected}", 2)


@contextmanager
def one_writer() -> Iterator[None]:
    """Exit with 3 where another writer is at work."""
    from ywtb.lock import LockedError

    try:
        yield
    except LockedError as error:
        stop(f"{error} 正在进行", 3)


@contextmanager
def published(project: Project) -> Iterator["DuckDBPyConnection"]:
    """The published release, read-only; exit where it is too old for what is asked of it."""
    import duckdb

    from ywtb.release.queries import open_release
    from ywtb.release.releases import NotPublishedError

    try:
        with open_release(project) as release:
            yield release
    except NotPublishedError:
        stop_unpublished()
    except duckdb.CatalogException as error:
        missing = str(error).split(" does not exist")[0].removeprefix("Catalog Error: ")
        stop(f"已发布的数据库由较早的版本建成，缺少 {missing}：先运行 ywtb refresh", 2)


@contextmanager
def month_in_memory(project: Project, month: str) -> Iterator["Replay"]:
    """A month of the published release, to be computed again; exit where it is too old for that."""
    from ywtb.release.releases import published_database
    from ywtb.release.replay import NoScoringError, replay

    try:
        with replay(published_database(project), month) as replayed:
            yield replayed
    except NoScoringError:
        stop("已发布的数据库没有存下计分语句，先运行 ywtb refresh", 2)


def published_months(release: "DuckDBPyConnection", wanted: str | None) -> list[str]:
    """The published months, oldest first; the one that is wanted must be among them."""
    from ywtb.release import queries

    months = queries.months(release)
    if wanted and wanted not in months:
        stop(f"没有发布 {wanted}，已发布：{'、'.join(months)}", 2)
    return months


def published_city(release: "DuckDBPyConnection", city: str, month: str | None) -> str:
    """The code of a city that is named or given by code; it must have units in the given month."""
    from ywtb.release import queries

    try:
        code, months = queries.city_months(release, city)
    except queries.UnknownCityError as error:
        stop(f"没有城市“{city}”，{error}", 2)
    if month and month not in months:
        stop(f"{city} 在 {month} 没有单位，有的月份：{'、'.join(months)}", 2)
    return code


def plain_text(value: Any) -> str:
    """Text of a decimal or a date, so that no score becomes a float, nor gets an exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def print_json(content: Any) -> None:
    """Answer another program, see `json_text`."""
    typer.echo(json_text(content))


def json_text(content: Any) -> str:
    """Valid JSON, whatever the database answers and the terminal shows."""
    is_narrow = codecs.lookup(sys.stdout.encoding).name != "utf-8"
    text = json.dumps(_valid(content), ensure_ascii=is_narrow, indent=2, default=plain_text)
    return "\n".join(visible(line) for line in text.split("\n"))


def _valid(value: Any) -> Any:
    """A value as JSON can hold it: keys are texts, as are NaN and the infinities."""
    if isinstance(value, dict):
        return {plain_text(key): _valid(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def shift(old: Decimal | None, new: Decimal | None) -> str:
    """From which value to which, where they differ."""
    if old == new:
        return ""
    shown = ["不适用" if each is None else plain_figure(each) for each in (old, new)]
    return f"（{' → '.join(shown)}）"


def aligned(lines: list[list[str]]) -> Iterator[str]:
    """Lines of as many cells each, in columns."""
    from rich.cells import cell_len

    columns = zip(*lines, strict=True)
    widths = [max(cell_len(cell[:WIDEST]) for cell in column) for column in columns]
    widths[-1] = 0
    for line in lines:
        yield "  ".join(
            cell + " " * (min(width, WIDEST) - cell_len(cell[:WIDEST]))
            for cell, width in zip(line, widths, strict=True)
        )
