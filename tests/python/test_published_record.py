"""A published month is frozen: words and figures, on this machine and on any clone of it."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT, Sandbox, copy_of, edit
from ywtb.checksums import DamageError
from ywtb.exports.bulletin import frame
from ywtb.exports.month_folder import export_months
from ywtb.pipeline.refresh import published_changes
from ywtb.project import Project
from ywtb.release.records import Change, Record, read_records, write_record
from ywtb.release.releases import complete_releases, publish

RECORD = "published/2023-06.json"

CORRECTED = ("渠县,0,0,0,2", "渠县,0,0,0,0")
"""The row of 渠县 in the file of service items of August, as published and as corrected."""

UNSEEN = (
    ("reference/rule_kinds", "threshold_shortfall,false,", "threshold_shortfall,true,"),
    ("reference/cities", "“放管服”改革,10", "“放管服”改革,1"),
    ("reference/bulletin_problems", "“线上线下不一致”问题,个", "“线上线下不一致”问题,处"),
    ("reference/annex_notes", "1,8,综合得分：总分 100 分", "1,8,综合得分：总分 150 分"),
    ("reference/annexes", "县（市、区）事项梳理进度表", "县（市、区）事项进度表"),
    ("reference/scoring_rules", "每个计 0.02 分，计满为止", "每个计 0.02 分，计满即止"),
    ("reference/indicators", "电子证照签章率,percent", "证照签章率,percent"),
    ("reference/dimensions", "工程审批", "工程建设审批"),
    ("errata/errata", "列标题误印,附件5备注", "标题误印,附件5备注"),
    ("reference/rule_bases", "通报没有写明，", "通报未写明，"),
    ("reference/groups", "B组,部门", "B组,单位"),
    ("errata/score_adjustments", "-0.02", "-0.019"),
)
"""Changes of words and figures that no printed score shows: seed, text, other text."""

TOLD = (
    "通报文字",
    "附件1 市级部门（单位）A 组“一网通办”能力巩固提升汇总表 备注8",
    "附件8 县（市、区）事项进度表",
    "规则 connected_app_count__county 规则：每个计 0.02 分，计满为止 → 每个计 0.02 分，计满即止",
    "指标 seal_rate 名称：电子证照签章率 → 证照签章率",
    "勘误 2023-06-04　附件5：列标题印错 缘由：列标题误印 → 标题误印",
    "依据种类 推得 说明：通报没有写明，",
    "组别 B组 单位称：部门 → 单位",
    "公文 达州市 附件：",
)


@pytest.fixture(scope="module")
def altered(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June built from seeds in which words and hidden figures differ, nothing published of it."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("altered"))
    for seed, old, new in UNSEEN:
        path = sandbox.root / "seeds" / f"{seed}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text, (seed, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    only = ("--exclude-resource-type=unit_test", "--exclude-resource-type=test")
    done = sandbox.run("--quiet", "build", *only, program="dbt")
    assert done.returncode == 0, done.stdout
    return sandbox


def lines(sandbox: Sandbox) -> list[str]:
    database = sandbox.root / "warehouse" / "dev" / "ywtb.duckdb"
    return [str(each) for each in published_changes(Project(sandbox.root), database)]


@pytest.mark.soak
def test_words_and_hidden_figures_are_frozen(altered: Sandbox) -> None:
    shown = lines(altered)
    for told in TOLD:
        assert any(told in line for line in shown), (told, shown[:40])
    assert all(line.startswith("2023-06 ") for line in shown)


def test_what_is_not_printed_is_told_where_nothing_printed_changes(
    june: Sandbox, tmp_path: Path
) -> None:
    """An exact score that rounds to the same, and a cell of a data file."""
    for statement, told in (
        (
            "update marts.fct_dimension_scores set score = score + 0.001 "
            "where unit_name = '渠县' and dimension_code = 'efficiency'",
            "2023-06 得分 渠县 运行效能：15 → 15.001",
        ),
        (
            "update audit.points_lost_ledger set source_row = 99 where unit_name = '渠县'",
            "2023-06 数据 audit.points_lost_ledger 校验和：",
        ),
    ):
        candidate = tmp_path / "ywtb.duckdb"
        shutil.copyfile((june.root / june.database).resolve(), candidate)
        with duckdb.connect(str(candidate)) as connection:
            connection.execute(statement)
        shown = [str(each) for each in published_changes(Project(june.root), candidate)]
        assert any(line.startswith(told) for line in shown), shown


def test_a_published_month_is_frozen_until_revised(three_months: Sandbox, tmp_path: Path) -> None:
    """The record under version control is enough; leave to revise another month is none.

    As a clone has it: no export, and of the releases only an older one.
    """
    built = shutil.ignore_patterns("exports", "logs", three_months.release())
    shutil.copytree(three_months.root, tmp_path, symlinks=True, ignore=built, dirs_exist_ok=True)
    clone, project = Sandbox(tmp_path), Project(tmp_path)
    (older,) = complete_releases(project)
    publish(project, older)
    record = (tmp_path / "published/2023-08.json").read_bytes()
    edit(clone.raw("service_items", "2023_08"), *CORRECTED)
    done = clone.run("refresh", "--revise", "2023-07", "--reason", "错月")
    assert done.returncode == 1
    assert "2023-08 已发布，以下数值会变" in done.stderr
    assert "2023-08 附件3 渠县 综合得分：97.90 → 98.00（名次 8 → 1）" in done.stderr
    assert "2023-08 附件8 渠县 线上线下一致性：2 → 0" in done.stderr
    assert "2023-08 年内累计 渠县 平均得分" in done.stderr
    assert f"已发布的仍是 {older}" in done.stderr
    assert clone.release() == older
    assert complete_releases(project) == [older]
    assert (tmp_path / "published/2023-08.json").read_bytes() == record


def test_the_record_of_the_repository_is_what_its_seeds_give(june: Sandbox) -> None:
    """Else the first refresh of a clone would be refused."""
    kept, made = (json.loads((root / RECORD).read_text()) for root in (ROOT, june.root))
    assert kept["content"] == made["content"]


def test_an_export_of_what_is_not_on_record_is_refused(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that words something otherwise needs a correction as well."""
    project = Project(june.root)
    kept = (june.root / "exports/2023-06/manifest.json").read_bytes()
    monkeypatch.setattr(frame, "KIND", "通报")
    (export,) = export_months(project, ["2023-06"])
    assert export.error is not None
    assert export.error.startswith("与发布记录有 1 处不同，如 2023-06 公文 达州市 版头：")
    assert (june.root / "exports/2023-06/manifest.json").read_bytes() == kept


@pytest.mark.soak
def test_a_month_is_withdrawn_and_comes_back_only_on_purpose(
    three_months: Sandbox, tmp_path: Path
) -> None:
    sandbox = copy_of(three_months, tmp_path)
    project = Project(sandbox.root)
    raw = sandbox.root / "seeds/raw/2023_08"
    shutil.rmtree(raw)
    sandbox.list_months("2023_06", "2023_07")
    sandbox.refresh("--revise", "2023-08", "--reason", "数据有误，撤回")
    record = read_records(project)["2023-08", "511700"]
    assert [(entry.event, entry.reason) for entry in record.history] == [
        ("published", None),
        ("withdrawn", "数据有误，撤回"),
    ]
    assert not (sandbox.root / "exports/2023-08").exists()
    assert sandbox.run("verify").stderr == ""
    database = (sandbox.root / sandbox.database).resolve()
    assert published_changes(project, database) == []
    before = (three_months.root / three_months.database).resolve()
    assert [str(each) for each in published_changes(project, before)] == [
        "2023-08 整月 511700 全部：无 → 已发布"
    ]


def test_a_record_of_before_is_told(three_months: Sandbox, tmp_path: Path) -> None:
    """As a file restored from an old commit, which lacks what was corrected since."""
    sandbox = copy_of(three_months, tmp_path)
    project = Project(sandbox.root)
    record = read_records(project)["2023-06", "511700"]
    write_record(replace(record, history=()))
    told = "published/2023-06.json 缺少已发布时的记载，像是旧版本；请从版本库恢复该文件"
    for command in (["verify"], ["refresh"], ["rollback", "--reason", "数据有误"]):
        done = sandbox.run(*command)
        assert done.returncode == 1
        assert told in done.stderr
    record.path.unlink()
    (sandbox.root / "warehouse/ywtb.duckdb").unlink()
    done = sandbox.run("refresh")
    assert done.returncode == 1
    assert "published/2023-06.json 不存在，而该月已发布" in done.stderr


def test_no_rollback_onto_a_broken_release(three_months: Sandbox, tmp_path: Path) -> None:
    """One that was cut short is told before anything moves."""
    sandbox = copy_of(three_months, tmp_path)
    published = sandbox.release()
    (older,) = {each for each in sandbox.status()["releases"] if each != published}
    database = sandbox.root / "warehouse" / "releases" / older / "ywtb.duckdb"
    content = database.read_bytes()
    database.unlink()
    database.write_bytes(content[:100_000])
    done = sandbox.run("rollback", "--reason", "数据有误")
    assert done.returncode == 1
    assert f"已发布的仍是 {published}" in done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.release() == published


def test_a_record_that_cannot_be_read_is_told(three_months: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(three_months, tmp_path)
    published = sandbox.release()
    path = sandbox.root / RECORD
    path.write_text("<<<<<<< HEAD\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(DamageError, match="发布记录"):
        read_records(Project(sandbox.root))
    done = sandbox.run("rollback", "--reason", "数据有误")
    assert done.returncode == 1
    assert "发布记录" in done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.release() == published


def test_a_record_is_read_as_it_was_written(june: Sandbox) -> None:
    ((key, record),) = read_records(Project(june.root)).items()
    assert key == ("2023-06", "511700")
    assert isinstance(record, Record)
    assert record.content["附件3"]["大竹县"]["综合得分"] == "90.24"
    text = (june.root / RECORD).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) < 3000
    assert 300 < text.count("\n") < 1000


def test_a_history_of_before_causes_were_told_is_what_it_was(june: Sandbox, tmp_path: Path) -> None:
    """Its checksum, which releases keep, does not change with the code."""
    (record,) = read_records(Project(june.root)).values()
    change = Change("2023-06", "511700", "得分", "大竹县", "综合得分", "90", "91", 2, 1)
    entry = replace(record.history[0], event="corrected", changes=(change,))
    path = tmp_path / "2023-06.json"
    write_record(replace(record, path=path, history=(entry,)))
    (kept,) = json.loads(path.read_bytes())["history"]
    assert kept["changes"] == [
        {name: value for name, value in asdict(change).items() if name != "causes"}
    ]
