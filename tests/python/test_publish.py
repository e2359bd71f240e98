"""Publishing: frozen months, revisions, going back, what is kept and what goes."""

import json
import random
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document
from filelock import FileLock

from conftest import REPEATS, Sandbox, copy_of, edit
from ywtb.pipeline.refresh import published_changes
from ywtb.project import Project
from ywtb.release.records import read_records
from ywtb.release.releases import DATABASE, complete_releases, prune, publish

CORRECTED = ("渠县,0,0,0,2", "渠县,0,0,0,0")
"""The row of 渠县 in the file of service items of August, as published and as corrected."""


ITSELF = (
    "'release_changes', 'release_manifest', 'release_months', 'release_records', 'release_seeds', "
    "'release_tables', 'revisions'"
)
"""Tables in which a release speaks of itself."""


def tables(sandbox: Sandbox) -> dict[tuple[Any, ...], Any]:
    """Number of rows and a checksum of every table and view but for those."""
    names = sandbox.rows(
        "select table_schema, table_name from information_schema.tables "
        f"where table_name not in ({ITSELF}) order by all"
    )
    return {
        name: sandbox.rows('select * from "{}"."{}" order by all'.format(*name)) for name in names
    }


def described(sandbox: Sandbox) -> list[list[tuple[Any, ...]]]:
    """Comments, types, constraints, views and numbers of rows."""
    return [
        sandbox.rows(f"select {columns} order by all")
        for columns in (
            "schema_name, table_name, comment from duckdb_tables()",
            "schema_name, table_name, column_index, column_name, data_type, comment "
            "from duckdb_columns()",
            "schema_name, view_name, sql, comment from duckdb_views() where not internal",
            "schema_name, table_name, constraint_text from duckdb_constraints()",
            "* from audit.release_tables",
            "* from audit.release_months",
            "* from audit.release_seeds",
        )
    ]


def months_checked(sandbox: Sandbox) -> list[str]:
    """Months on the page that says what was checked."""
    page = (sandbox.root / "exports" / "data_docs" / "index.html").read_text(encoding="utf-8")
    return re.findall(r"<h2 id=\"city-\d+-(.*?)\">", page)


def log(sandbox: Sandbox, number: int = -1) -> list[dict[str, Any]]:
    """The log of a refresh, by default of the last."""
    path = sorted((sandbox.root / "logs" / "refresh").iterdir())[number]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def published(three_months: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy with June and two later months published."""
    return copy_of(three_months, tmp_path)


@dataclass(frozen=True)
class History:
    """August corrected and the correction taken back: two refreshes, of which tests read."""

    sandbox: Sandbox
    left: Path
    first_release: str
    corrected_release: str
    corrections: list[tuple[Any, ...]]
    notices: list[str]
    text: str


@pytest.fixture(scope="module")
def history(three_months: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> History:
    """Both refreshes run after one that was killed; the second builds every month anew, and keeps
    only two releases."""
    sandbox = copy_of(three_months, tmp_path_factory.mktemp("history"))
    first = sandbox.release()
    left = sandbox.root / "warehouse" / "releases" / "killed"
    left.mkdir()
    (left / "ywtb.duckdb").write_bytes(b"half")
    (sandbox.root / "warehouse" / "building").symlink_to("releases/killed")
    raw = sandbox.raw("service_items", "2023_08")
    edit(raw, *CORRECTED)
    command = "python -c \"open('mail.txt', 'w').write(open(0).read())\""
    sandbox.refresh("--revise", "2023-08", "--reason", "渠县申诉成立", "--notify-command", command)
    corrections = sandbox.rows(
        "select release_id, reason, old_value, new_value, old_rank, new_rank "
        "from audit.revisions where printed_in = '附件8' and unit_name = '渠县'"
    )
    corrected = sandbox.release()
    notices = [
        path.read_text(encoding="utf-8")
        for path in (sandbox.root / "exports" / "2023-08").glob("更正通知_*.txt")
    ]
    edit(raw, *reversed(CORRECTED))
    text = sandbox.refresh(
        *("--full", "--revise", "2023-08", "--reason", "恢复", "--keep", "2", "--month", "2023-06")
    )
    return History(sandbox, left, first, corrected, corrections, notices, text)


@pytest.mark.soak
def test_a_preview_shows_what_would_change_and_changes_nothing(published: Sandbox) -> None:
    before = published.release()
    edit(published.raw("service_items", "2023_08"), *CORRECTED)
    published.add_month("2023_09", {("渠县", "online_offline_mismatch_count"): "4"})
    shown = published.run("preview", folder="seeds/raw").stdout
    assert "2023-08 附件3 渠县 综合得分：97.90 → 98.00（名次 8 → 1）" in shown
    assert re.search(r"已发布的月份有 \d+ 个单元格会变", shown)
    assert "2023-09  单位 49（A组 15，B组 26，县（市、区） 8）" in shown
    assert "  县（市、区） 第8名 渠县 97.80" in shown
    assert "提醒：" in shown
    assert published.release() == before


def test_nothing_new_nothing_done(june_copy: Sandbox) -> None:
    """Without dbt and Great Expectations, a line says which release stands; exports are made up.

    Of these only the bulletin, as it takes seconds to write all.
    """
    before = june_copy.status()
    (june_copy.root / "exports" / "2023-06" / "manifest.json").unlink()
    code = (
        "import sys\nfrom ywtb.cli import app\nfrom ywtb.exports import bulletin, month_folder\n"
        "month_folder.formats = lambda: [bulletin.FORMAT]\n"
        "try:\n    app(['refresh'])\nexcept SystemExit as done:\n    assert not done.code\n"
        "assert not {'dbt', 'great_expectations'} & sys.modules.keys()"
    )
    done = june_copy.run("-c", code, program="python")
    assert done.returncode == 0, done.stderr
    assert f"没有变化，已发布的仍是 {before['release_id']}，共 1 个月" in done.stdout
    assert "导出：exports/2023-06" in done.stdout
    assert june_copy.status() == before
    assert june_copy.run("verify").returncode == 0


def test_warnings_are_listed_for_people_and_programs(published: Sandbox) -> None:
    listed = published.run("acknowledge", "2023-07").stdout.splitlines()
    answer = json.loads(published.run("acknowledge", "2023-07", "--json").stdout)["warnings"]
    assert [f"{each['warning_id']}  {each['warning']}" for each in answer] == listed[:-1]
    assert {each["reason"] for each in answer} == {None}


def test_a_revision_needs_a_reason(three_months: Sandbox) -> None:
    assert three_months.run("refresh", "--revise", "2023-07").returncode == 2


@pytest.mark.soak
def test_a_revision_is_kept_and_told(history: History) -> None:
    assert history.corrections == [(history.corrected_release, "渠县申诉成立", "2", "0", 8, 1)]
    (notice,) = history.notices
    assert "渠县申诉成立" in notice
    caused = "数值（线上线下不一致 2 → 0）+0.10"
    assert (
        "2023-08 附件3 渠县 综合得分：97.90 → 98.00（名次 8 → 1），其中" + caused
        in notice.splitlines()
    )
    assert history.sandbox.rows("select distinct reason from audit.revisions order by all") == [
        ("恢复",),
        ("渠县申诉成立",),
    ]
    assert history.sandbox.rows("select count(distinct release_id) from audit.revisions") == [(2,)]
    assert history.sandbox.rows(
        "select unit_name, causes from audit.revisions where causes is not null order by revised_at"
    ) == [("渠县", caused), ("渠县", "数值（线上线下不一致 0 → 2）−0.10")]


@pytest.mark.soak
def test_a_revised_month_has_its_notices_and_a_mark(history: History) -> None:
    exports = history.sandbox.root / "exports"
    for ending in ("txt", "docx"):
        names = {path.stem for path in (exports / "2023-08").glob(f"更正通知_*.{ending}")}
        assert len(names) == 2
    for month, marked in (("2023-06", 0), ("2023-08", 1)):
        texts = [each.text for each in Document(str(exports / month / "通报.docx")).paragraphs]
        marks = [text for text in texts if "更正通知第2号" in text]
        assert len(marks) == marked
    assert not list((exports / "2023-06").glob("更正通知_*"))


@pytest.mark.soak
def test_the_notify_command_gets_the_summary(history: History, published: Sandbox) -> None:
    mail = (history.sandbox.root / "mail.txt").read_text(encoding="utf-8")
    assert mail.startswith("ywtb refresh 完成：已发布")
    with FileLock(published.root / "warehouse" / "lock"):
        done = published.run("refresh", "--notify-command", "no-such-command")
    assert done.returncode == 3
    assert "通知命令没有成功" in done.stderr


@pytest.mark.soak
def test_a_refresh_that_was_killed_leaves_nothing_in_the_way(history: History) -> None:
    assert "2,253/2,253" in history.text
    assert "warehouse/ywtb.duckdb" in history.text
    assert not history.left.exists()
    assert not (history.sandbox.root / "warehouse" / "building").is_symlink()


@pytest.mark.soak
def test_months_that_stayed_are_as_if_built_anew(history: History, three_months: Sandbox) -> None:
    """Where two months were added to June, and where all three were built at once."""
    found = tables(history.sandbox)
    assert found == tables(three_months)
    assert described(history.sandbox) == described(three_months)
    assert len(found) > 100


@pytest.mark.soak
def test_any_sequence_of_changes_is_as_if_built_anew(june: Sandbox, tmp_path: Path) -> None:
    """Months added, changed, revised, removed and rolled back, in any order."""
    sandbox, chance = copy_of(june, tmp_path), random.Random(20230601)
    raw = sandbox.root / "seeds" / "raw"
    for turn in range(REPEATS or 3):
        months = sorted(folder.name for folder in raw.iterdir())
        change = chance.choice(["add", "add", "cell", "rule", "erratum", "remove", "rollback"])
        if change == "rollback" and len(sandbox.status()["releases"]) > 1:
            assert sandbox.run("rollback", "--reason", "数据有误").returncode == 0
        elif change == "remove" and len(months) > 2:
            gone = chance.choice(months[1:])
            shutil.rmtree(raw / gone)
            months.remove(gone)
        elif change == "rule" and len(months) > 1:
            rules = sandbox.root / "seeds" / "reference" / "scoring_rules.csv"
            first_day = f"{chance.choice(months[1:]).replace('_', '-')}-01"
            lines = rules.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if not line.endswith(f"分,{first_day},")]
            points = f"0.{turn % 9 + 1:02}"
            kept.append(
                f"online_offline_mismatch_count,1,pool_deduction,0,0,0,,0,-{points},stated,通知,"
                f"每 1 件扣 {points} 分,{first_day},"
            )
            rules.write_text("\n".join(kept) + "\n", encoding="utf-8")
        elif change == "erratum":
            month = chance.choice(months).replace("_", "-")
            number = f"{month}-{90 - turn % 80}"
            sandbox.append("errata/errata", f"{number},{month}-01,note,,某处,某因,某据,511700")
        elif change == "cell" and len(months) > 1:
            path = sandbox.raw("service_items", chance.choice(months[1:]))
            text = path.read_text(encoding="utf-8")
            edited = re.sub(r"渠县,0,0,0,\d+", f"渠县,0,0,0,{turn + 3}", text)
            path.write_text(edited, encoding="utf-8")
        else:
            name = f"2023_{chance.randint(7, 12):02}"
            sandbox.add_month(name, {("渠县", "online_offline_mismatch_count"): "2"})
            months = sorted({*months, name})
        sandbox.list_months(*months)
        published = [month for month, _ in read_records(Project(sandbox.root))]
        allowed = [part for month in published for part in ("--revise", month)]
        sandbox.refresh(*allowed, "--reason", change)
        before = tables(sandbox), described(sandbox)
        sandbox.refresh("--full", *allowed, "--reason", change)
        assert (tables(sandbox), described(sandbox)) == before, (turn, change)


@pytest.mark.soak
def test_months_that_did_not_change_keep_their_checks(
    history: History, three_months: Sandbox
) -> None:
    results = (
        "select * from audit.expectation_results where score_month < '2023-08-01' order by all"
    )
    assert history.sandbox.rows(results) == three_months.rows(results)
    assert months_checked(history.sandbox) == ["2023-08", "2023-07", "2023-06"]
    months = history.sandbox.rows("select distinct score_month from audit.expectation_results")
    assert sorted(months) == [(date(2023, month, 1),) for month in (6, 7, 8)]
    logs = [log(history.sandbox, number)[-1]["checked_months"] for number in (-2, -1)]
    assert logs == [["2023_08"], ["2023_06", "2023_07", "2023_08"]]


@pytest.mark.soak
def test_every_run_leaves_a_log(history: History) -> None:
    lines = log(history.sandbox)
    assert lines[-1]["event"] == "outcome"
    assert {line["phase"] for line in lines if line["event"] == "end"} >= {"parse", "publish"}


@pytest.mark.soak
def test_old_releases_go_but_never_the_published_one(history: History, tmp_path: Path) -> None:
    kept = history.sandbox.status()["releases"]
    assert kept == [history.corrected_release, history.sandbox.release()]
    project = Project(copy_of(history.sandbox, tmp_path).root)
    publish(project, history.corrected_release)
    assert prune(project, 1) == []
    publish(project, history.sandbox.release())
    assert prune(project, 1) == [history.corrected_release]
    assert Sandbox(project.root).status()["releases"] == [history.sandbox.release()]


@pytest.mark.soak
def test_going_back_and_forth(history: History, tmp_path: Path) -> None:
    sandbox = copy_of(history.sandbox, tmp_path)
    newest = sandbox.release()
    manifest = sandbox.status()
    assert manifest["release_id"] == newest
    assert manifest["score_months"] == ["2023-06", "2023-07", "2023-08"]
    assert manifest["test_count"] > 100
    done = sandbox.run("rollback", "--reason", "数据有误")
    assert done.returncode == 0
    assert "须加 --revise 2023-08 --reason" in done.stdout.splitlines()[-1]
    older = sandbox.release()
    assert older == manifest["previous_release_id"] == history.corrected_release != newest
    record = read_records(Project(sandbox.root))["2023-08", "511700"]
    assert [(entry.event, entry.release, entry.reason) for entry in record.history] == [
        ("published", history.first_release, None),
        ("corrected", older, "渠县申诉成立"),
        ("corrected", newest, "恢复"),
        ("rolled_back", older, f"从 {newest} 退回到 {older}：数据有误"),
    ]
    assert record.content["附件8"]["渠县"]["线上线下一致性"] == "0"
    caused = [change.causes for change in record.history[-1].changes if change.causes]
    assert caused == ["数值（线上线下不一致 2 → 0）+0.10"]
    folder = sandbox.root / "exports" / "2023-08"
    notices = [path.read_text(encoding="utf-8") for path in folder.glob("更正通知_*.txt")]
    assert sorted(text.splitlines()[1].removeprefix("更正原因：") for text in notices) == sorted(
        entry.reason for entry in record.history if entry.reason
    )
    # What was rolled back is asked for again, not published again unseen.
    again = list(map(str, published_changes(Project(sandbox.root), database_of(sandbox, newest))))
    assert any(line.startswith("2023-08 附件8 渠县 线上线下一致性：0 → 2") for line in again)
    assert sandbox.run("rollback", newest, "--reason", "数据有误").returncode == 0
    assert sandbox.release() == newest
    assert sandbox.run("rollback", "../../etc", "--reason", "数据有误").returncode == 2
    assert sandbox.run("rollback", history.first_release, "--reason", "数据有误").returncode == 2
    assert sandbox.run("rollback", "20010101T000000000000Z", "--reason", "数据有误").returncode == 2
    assert sandbox.release() == newest
    seeds = sandbox.rows("select seed_path, sha256 from audit.release_seeds")
    assert len(seeds) == len(list((sandbox.root / "seeds").rglob("*.csv")))


def database_of(sandbox: Sandbox, release: str) -> Path:
    return sandbox.root / "warehouse" / "releases" / release / DATABASE


def changes(sandbox: Sandbox, *statements: str) -> str:
    """What a release would change that differs from the newest by some statements, line by line."""
    project = Project(sandbox.root)
    newest = complete_releases(project)[-1]
    candidate = shutil.copyfile(database_of(sandbox, newest), sandbox.root / DATABASE)
    with duckdb.connect(candidate) as connection:
        for statement in statements:
            connection.execute(statement)
    return "\n".join(map(str, published_changes(project, Path(candidate))))


def test_a_published_month_cannot_vanish(published: Sandbox) -> None:
    shown = changes(
        published, "delete from intermediate.int_cities_monthly where score_month = '2023-08-01'"
    )
    assert "2023-08 整月 511700 全部：已发布 → 无" in shown
    assert "2023-06" not in shown


def test_figures_of_the_text_are_frozen_too(published: Sandbox) -> None:
    shown = changes(
        published,
        "update marts.fct_city_metrics set metric_value = 95.24, province_rank = 1 "
        "where metric_code = 'comprehensive_score' and score_month = '2023-06-01'",
    )
    line, text = shown.splitlines()
    assert line == "2023-06 通报正文 达州市 全市综合得分：93.24分，全省第2 → 95.24分，全省第1"
    assert text.startswith("2023-06 通报文字")


@pytest.mark.soak
def test_what_was_rolled_back_stays_frozen(published: Sandbox) -> None:
    newest = published.release()
    exports = published.root / "exports"
    assert published.run("rollback", "--reason", "数据有误").returncode == 0
    older = published.release()
    assert months_checked(published) == ["2023-06"]
    assert older != newest
    folders = [each.name for each in sorted(exports.iterdir()) if each.is_dir()]
    assert folders == ["2023-06", "data_docs"]
    correction = (
        "update audit.annex_cells set cell_text = '0' where annex_no = 8 and unit_name = '渠县' "
        "and column_name = 'online_offline_mismatch_count' and score_month = '2023-08-01'"
    )
    assert changes(published, correction) == "2023-08 附件8 渠县 线上线下一致性：2 → 0"
    assert published.run("rollback", newest, "--reason", "数据有误").returncode == 0
    assert months_checked(published) == ["2023-08", "2023-07", "2023-06"]
    assert (exports / "2023-08" / "manifest.json").is_file()
