"""Publishing: frozen months, revisions, going back, what is kept and what goes."""

import json
from datetime import date
from typing import Any

import pytest
from filelock import FileLock

from conftest import Sandbox, copy_project, edit


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A copy with two months published."""
    sandbox = copy_project(tmp_path_factory.mktemp("published"))
    sandbox.add_month("2023_07", {("渠县", "online_offline_mismatch_count"): "2"})
    sandbox.refresh()
    return sandbox


def test_a_published_month_is_frozen_until_revised(published: Sandbox) -> None:
    before = published.release()
    raw = published.raw("service_items", "2023_07")
    text = raw.read_text(encoding="utf-8")
    edit(raw, "渠县,0,0,0,2", "渠县,0,0,0,0")
    done = published.run("refresh", "--revise", "2023-06", "--reason", "错月")
    assert done.returncode == 1
    assert "2023-07 附件3 渠县 综合得分：97.90 → 98.00（名次 8 → 1）" in done.stderr
    assert "附件8 渠县 线上线下一致性：2 → 0" in done.stderr
    assert f"已发布的仍是 {before}" in done.stderr
    assert published.release() == before

    assert "附件8 渠县 线上线下一致性：2 → 0" in published.run("preview").stdout
    assert published.release() == before
    assert published.run("refresh", "--revise", "2023-07").returncode == 2

    done = published.run("refresh", "--revise", "2023-07", "--reason", "渠县申诉成立")
    assert done.returncode == 0, done.stderr
    kept = published.rows(
        "select release_id, reason, old_value, new_value, old_rank, new_rank "
        "from audit.revisions where printed_in = '附件8' and unit_name = '渠县'"
    )
    assert kept == [(published.release(), "渠县申诉成立", "2", "0", 8, 1)]
    (notice,) = (published.root / "exports" / "2023-07").glob("更正通知_*.txt")
    assert "渠县申诉成立" in notice.read_text(encoding="utf-8")

    raw.write_text(text, encoding="utf-8")
    published.run("refresh", "--revise", "2023-07", "--reason", "恢复")
    assert published.rows("select count(distinct release_id) from audit.revisions") == [(2,)]


def test_a_published_month_cannot_vanish(published: Sandbox) -> None:
    before = published.release()
    folder = published.root / "seeds" / "raw" / "2023_07"
    aside = published.root / "aside"
    folder.rename(aside)
    published.list_months("2023_06")
    try:
        done = published.run("refresh")
    finally:
        aside.rename(folder)
        published.list_months("2023_06", "2023_07")
    assert done.returncode == 1
    assert "2023-07 已发布，以下数值会变" in done.stderr
    assert published.release() == before


def test_going_back_and_forth(published: Sandbox) -> None:
    published.refresh()
    newest = published.release()
    manifest = published.status()
    assert manifest["release_id"] == newest
    assert manifest["score_months"] == ["2023-06", "2023-07"]
    assert manifest["test_count"] > 100
    assert published.run("rollback").returncode == 0
    older = published.release()
    assert older == manifest["previous_release_id"] != newest
    assert published.run("rollback", newest).returncode == 0
    assert published.release() == newest
    assert published.run("rollback", "../../etc").returncode == 2
    assert published.run("rollback", "20010101T000000000000Z").returncode == 2
    assert published.release() == newest
    seeds = published.rows("select seed_path, sha256 from audit.release_seeds")
    assert len(seeds) == len(list((published.root / "seeds").rglob("*.csv")))


def test_figures_of_the_text_are_frozen_too(published: Sandbox) -> None:
    metrics = published.raw("city_metrics", "2023_06")
    text = metrics.read_text(encoding="utf-8")
    edit(metrics, "comprehensive_score,93.24,2,", "comprehensive_score,95.24,1,")
    try:
        done = published.run("refresh")
    finally:
        metrics.write_text(text, encoding="utf-8")
    assert done.returncode == 1
    assert (
        "2023-06 通报正文 达州市 全市综合得分：93.24分，全省第2 → 95.24分，全省第1" in done.stderr
    )


def test_what_was_rolled_back_stays_frozen(june_copy: Sandbox) -> None:
    docs = june_copy.root / "exports" / "data_docs"
    docs.unlink()
    docs.mkdir()  # as after a copy that followed the link
    june_copy.add_month("2023_07", {("渠县", "online_offline_mismatch_count"): "2"})
    june_copy.refresh()
    newest = june_copy.release()
    assert docs.resolve().parent.name == newest
    assert june_copy.run("rollback").returncode == 0
    assert docs.resolve().parent.name == june_copy.release() != newest
    exports = june_copy.root / "exports"
    assert [each.name for each in sorted(exports.iterdir())] == ["2023-06", "data_docs"]
    edit(june_copy.raw("service_items", "2023_07"), "渠县,0,0,0,2", "渠县,0,0,0,0")
    done = june_copy.run("refresh")
    assert done.returncode == 1
    assert "2023-07 附件8 渠县 线上线下一致性：2 → 0" in done.stderr
    assert "2023-07 年内累计 渠县 平均得分" in done.stderr
    assert june_copy.run("rollback", newest).returncode == 0
    assert (exports / "2023-07" / "manifest.json").is_file()


def test_months_that_did_not_change_keep_their_checks(published: Sandbox) -> None:
    def checked() -> tuple[Any, dict[str, bytes]]:
        docs = published.root / "exports" / "data_docs"
        return (
            published.rows("select * from audit.expectation_results order by all"),
            {path.name: path.read_bytes() for path in docs.iterdir()},
        )

    before = checked()
    logs = published.root / "logs" / "refresh"
    published.refresh()
    assert checked() == before
    assert {month for (month, *_) in before[0]} == {date(2023, 6, 1), date(2023, 7, 1)}
    lines = sorted(logs.iterdir())[-1].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["checked_months"] for line in lines[-1:]] == [[]]


def test_old_releases_go_but_never_the_published_one(published: Sandbox) -> None:
    done = published.run("refresh", "--keep", "2")
    assert done.returncode == 0
    assert len(published.status()["releases"]) == 2
    published.run("rollback")
    kept = published.release()
    published.run("refresh", "--keep", "1")
    assert kept != published.release()
    assert published.status()["releases"] == [published.release()]


def test_notify_command_gets_the_summary(published: Sandbox) -> None:
    target = published.root / "mail.txt"
    done = published.run("refresh", "--notify-command", f"tee '{target}'", tools=True)
    assert done.returncode == 0
    assert target.read_text(encoding="utf-8").startswith("ywtb refresh 完成：已发布")
    with FileLock(published.root / "warehouse" / "lock"):
        done = published.run("refresh", "--notify-command", "no-such-command")
    assert done.returncode == 3
    assert "通知命令没有成功" in done.stderr


def test_every_run_leaves_a_log(published: Sandbox) -> None:
    log = sorted((published.root / "logs" / "refresh").iterdir())[-1]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["event"] == "outcome"
    assert {line["phase"] for line in lines if line["event"] == "end"} >= {"parse", "publish"}
