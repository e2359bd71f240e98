"""The command `ywtb serve-postgres`."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ywtb.cli.progress import progress
from ywtb.cli.shared import (
    JsonOption,
    find_project,
    one_writer,
    print_json,
    published,
    stop,
)

if TYPE_CHECKING:
    from ywtb.exports.postgres.served_tables import Served, Table


def serve_postgres(
    dsn: Annotated[str, typer.Argument(help="PostgreSQL 数据库，如 postgresql://用户@主机/库。")],
    role: Annotated[str | None, typer.Option("--role", help="准许读取的角色。")] = None,
    province: Annotated[
        Path | None,
        typer.Option(
            "--province", exists=True, file_okay=False, help="ywtb province 所写的文件夹。"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """把已发布的表和视图整体写入 PostgreSQL，一步换上；读者随时都读得到，旧的或新的。

    密码可放在 PGPASSWORD 或 ~/.pgpass 中。
    例：ywtb serve-postgres postgresql://ywtb@主机/ywtb --role reader
    """
    try:
        from ywtb.exports.postgres import database
    except ImportError:
        stop("缺少 psycopg：先运行 make .venv/installed-postgres WITH=postgres", 2)
    from ywtb.exports.postgres.served_tables import NotServedError

    began = time.monotonic()
    try:
        with one_writer(), _served(province) as served, progress(False) as report:
            done = database.serve(dsn, served, role, lambda phase: report(phase, 0, 0))
    except database.DsnError:
        stop(
            "数据库的写法有误，应形如 postgresql://用户@主机:端口/库，或 host=主机 dbname=库；"
            "网址中密码的 @ : / 等须写成 %40 %3A %2F",
            2,
        )
    except database.UnknownRoleError as error:
        stop(f"数据库中没有角色“{error}”，什么也没有写入；先建立它：create role", 2)
    except database.UnknownOutcomeError as error:
        stop(f"✗ 提交时连接中断（{error}）：换上了哪一次发布，以模式 marts 的注释为准", 1)
    except NotServedError as error:
        stop(f"✗ {error}；数据库中原有的没有变", 1)
    seconds = f"{time.monotonic() - began:.2f}"
    if as_json:
        print_json(
            {
                "release": served.release,
                "tables": done.rows,
                "views": done.views,
                "seconds": seconds,
                "role": role,
                "missing": served.notes,
                "unwaited_transactions": done.unwaited,
                "kept_schemas": done.kept,
            }
        )
        return
    typer.echo(
        f"已写入 PostgreSQL 并换上 {served.release}：{len(done.rows)} 张表，"
        f"{sum(done.rows.values()):,} 行，{done.views} 个视图，用时 {seconds} 秒"
    )
    readers = f"角色 {role} 可以读取" if role else f"没有给 --role，除 {done.owner} 外无人可以读取"
    for line in (
        readers,
        *served.notes,
        *(f"没有等到结束，此后读到的是新的：{each}" for each in done.unwaited),
        *(f"换下而没有删除，下次再试：{each}" for each in done.kept),
    ):
        typer.echo(line)


@contextmanager
def _served(province: Path | None) -> Iterator["Served"]:
    """The published release, or a province's tables, described by the release if there is one."""
    from ywtb.exports.postgres.served_tables import of_province, released
    from ywtb.release.queries import open_release
    from ywtb.release.releases import NotPublishedError

    project = find_project()
    with ExitStack() as stack:
        if province is None:
            yield released(stack.enter_context(published(project)))
            return
        try:
            release = released(stack.enter_context(open_release(project)))
        except NotPublishedError:
            release = None
        yield stack.enter_context(of_province(province, release, _of_plan(province)))


def _of_plan(province: Path) -> list["Table"]:
    """Tables over all cities as the run that made them describes them."""
    from ywtb.exports.postgres.served_tables import Column, Key, Table
    from ywtb.province.plan import Plan, names_of

    path = Plan.file_of(province)
    models = Plan.read_file(path).province_models if path.is_file() else []
    return [
        Table(
            names_of(model.table),
            model.comment,
            tuple(Column(name, "", filled, text) for name, _, filled, text in model.columns),
            (Key(tuple(model.keys), None, ()),),
        )
        for model in models
    ]
