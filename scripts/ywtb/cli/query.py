"""The command `ywtb query`."""

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ywtb.assessment.figures import visible
from ywtb.cli.shared import (
    JsonOption,
    aligned,
    find_project,
    json_text,
    stop,
    stop_unpublished,
    stop_wrong_usage,
)

if TYPE_CHECKING:
    from ywtb.release.bounded_query import Answer


class Format(StrEnum):
    """How answers are written; a file's name may say it as well."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def query(
    sql: Annotated[str | None, typer.Argument(help="SQL，只读；几条用 ; 隔开。")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "-f",
            "--file",
            exists=True,
            dir_okay=False,
            allow_dash=True,
            help="SQL 文件；- 为标准输入。",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=3600, help="最多几秒。")] = 60,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="每条最多几行。")
    ] = 10_000,
    form: Annotated[
        Format | None, typer.Option("--format", help="格式；不写则依 --out 的后缀，或为 table。")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="写入文件，而不是印出。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """在已发布的数据库上运行只读 SQL，逐条回答。

    例：ywtb query 'select 部门, 综合得分 from 附件.附件1'
    """
    from ywtb.release.bounded_query import QueryError, ask
    from ywtb.release.releases import NotPublishedError

    asked, form = _sql(sql, file), _form(form, out, as_json)
    is_shown = out is None and sys.stdout.isatty()
    if form is Format.PARQUET and is_shown:
        stop_wrong_usage("Parquet 不能显示在终端上：加 --out 文件名.parquet")
    try:
        answers = ask(find_project(), asked, timeout, limit, as_text=form is not Format.JSON)
        parts = _written(_with_notice(answers, limit), form, is_shown)
        if out is None:
            for part in parts:
                typer.echo(part, nl=False)
        else:
            whole = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
            out.write_bytes(whole)
    except NotPublishedError:
        stop_unpublished()
    except QueryError as error:
        stop(str(error), 2)


def _sql(sql: str | None, file: Path | None) -> str:
    if (sql is None) == (file is None):
        stop_wrong_usage("SQL 或 -f 文件，须给出其一")
    if file is None:
        return sql or ""
    try:
        content = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        stop(f"{file} 不是 UTF-8 编码，请另存为 UTF-8", 2)


def _form(form: Format | None, out: Path | None, as_json: bool) -> Format:
    if as_json and form not in (None, Format.JSON):
        stop_wrong_usage(f"--json 与 --format {form} 不能同时使用")
    if form or as_json:
        return form or Format.JSON
    suffix = out.suffix[1:].lower() if out else ""
    return Format(suffix) if suffix in list(Format) else Format.TABLE


def _with_notice(answers: Iterable["Answer"], limit: int) -> Iterator["Answer"]:
    for answer in answers:
        yield answer
        if answer.is_cut:
            typer.echo(f"只取前 {limit} 行，还有更多；要更多的加 --limit", err=True)


def _written(
    answers: Iterable["Answer"], form: Format, is_shown: bool
) -> Iterator[str] | Iterator[bytes]:
    if form is Format.TABLE:
        return _tables(answers)
    if form is Format.JSON:
        return _json(answers)
    from ywtb.exports.data import answers as files

    if form is Format.PARQUET:
        return files.parquet(answers)
    return files.csv_to_see(answers) if is_shown else files.csv_to_keep(answers)


def _json(answers: Iterable["Answer"]) -> Iterator[str]:
    """The rows of the only answer, or of several a list of those of each."""
    found = [answer.rows for answer in answers]
    yield json_text(found[0] if len(found) == 1 else found) + "\n"


def _tables(answers: Iterable["Answer"]) -> Iterator[str]:
    for number, answer in enumerate(answers):
        lines = [*([""] if number else []), *_table(answer), f"{len(answer.rows)} 行", ""]
        yield "\n".join(lines)


def _table(answer: "Answer") -> Iterator[str]:
    """Every value whole, on a line per row, however narrow the terminal."""
    if not answer.rows:
        return
    rows = ([visible(cell or "") for cell in row.values()] for row in answer.rows)
    yield from aligned([[visible(name) for name in answer.types], *rows])
