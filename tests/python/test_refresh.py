"""What a refresh leaves behind: the release, its summary, its explanations, its documentation."""

import json
import os
from decimal import Decimal

import duckdb
import pytest
import yaml
from filelock import FileLock

from conftest import ROOT, Sandbox


def test_summary_of_june(three_months: Sandbox) -> None:
    month, *others = json.loads(three_months.printed)["months"]
    assert [each["month"] for each in (month, *others)] == ["2023-06", "2023-07", "2023-08"]
    assert (month["reproduced_cells"], month["printed_cells"]) == (2253, 2253)
    assert (month["reproduced_scores"], month["printed_scores"]) == (366, 366)
    assert [
        (group["unit_count"], group["top_unit"], group["bottom_unit"]) for group in month["groups"]
    ] == [
        (15, "市城管执法局", "市发展改革委"),
        (26, "市住房公积金管理中心", "市残联"),
        (8, "达州高新区", "大竹县"),
    ]
    (adjustment,) = month["adjustments"]
    assert adjustment["unit_name"] == "市文体旅游局"
    assert adjustment["adjustment_points"] == "-0.020"


def test_a_second_refresh_at_once_is_turned_away(june: Sandbox) -> None:
    holder = june.root / "warehouse" / "lock.holder.json"
    with FileLock(june.root / "warehouse" / "lock"):
        holder.write_text(
            json.dumps({"command": "refresh", "pid": os.getpid(), "host": "h", "since": "now"})
        )
        done = june.run("refresh")
        holder.unlink()
    assert done.returncode == 3
    assert str(os.getpid()) in done.stderr


@pytest.mark.soak
def test_a_copied_checkout_loads_its_own_seeds(unpublished: Sandbox) -> None:
    """Its parse cache comes along and knows the place that it was copied from."""
    unpublished.append("reference/cities", "511800,别处,别处办公室,别处,10")
    done = unpublished.run(
        "seed", "--select", "cities", "--target-path", "target/release", program="dbt"
    )
    assert done.returncode == 0, done.stdout
    unpublished.database = "warehouse/dev/ywtb.duckdb"
    assert unpublished.rows("select count(*) from reference.cities") == [(2,)]


def test_explain_accounts_for_every_lost_point(june: Sandbox) -> None:
    for unit, exact in june.rows("select unit_name, exact_score from marts.fct_composite_scores"):
        lost = june.rows(
            f"select sum(points_lost) from audit.points_lost_ledger where unit_name = '{unit}'"
        )
        assert lost == [(100 - exact,)]
    answer = json.loads(june.run("explain", "大竹县", "--json").stdout)
    (unsealed,) = (loss for loss in answer["losses"] if loss["rule_id"] == "unsealed_new_count")
    assert Decimal(unsealed["points_lost"]) == Decimal("0.3")
    assert (unsealed["source_file"], unsealed["printed_value"]) == (
        "raw_licenses__2023_06.csv",
        "6",
    )
    text = june.run("explain", "市文化体育和旅游局", "--month", "2023-06").stdout
    assert "−0.02 得分调整" in text
    assert "勘误 2023-06-07" in text


def test_any_client_can_ask_the_release_to_explain(june: Sandbox) -> None:
    named, by_alias, by_id = (
        june.rows(f"select * from explain('{unit}', date '2023-06-01')")
        for unit in ("市文体旅游局", "市文化体育和旅游局", "511700-A08")
    )
    assert named == by_alias == by_id
    assert june.rows(
        "select entry_type, indicator_name, points_lost, reason, printed_value, source_row "
        "from explain('市财政局', '2023-06-01') where indicator_code = 'behavior_coverage_rate'"
    ) == [
        (
            "indicator",
            "监管事项行为覆盖率",
            Decimal("0.04284"),
            "达到 50% 得满分，每低 1 个百分点扣 0.006 分",
            "42.86%",
            26,
        )
    ]
    lost = "100 - sum(points_lost) from explain(unit := '大竹县', month := date '2023-06-01')"
    assert june.rows(f"select {lost}") == [(Decimal("90.24"),)]
    assert june.rows("from explain('大竹县', date '2023-05-01')") == []


def test_explain_suggests_but_never_guesses(june: Sandbox) -> None:
    done = june.run("explain", "市文旅局")
    assert done.returncode == 2
    assert "市文体旅游局" in done.stderr


def test_query_answers(june: Sandbox) -> None:
    done = june.run("query", 'select 部门, 综合得分 from "附件"."附件1" order by 序号', "--json")
    assert json.loads(done.stdout)[0] == {"部门": "市城管执法局", "综合得分": "90.18"}
    assert june.run("query", "select 1 where false").stdout == "0 行\n"


def test_chinese_views_have_the_printed_headings(june: Sandbox) -> None:
    views = june.rows(
        "select table_name from information_schema.tables where table_schema = '附件'"
    )
    assert {view for (view,) in views} == {
        *(f"附件{number}" for number in range(1, 12)),
        "单位",
        "变化原因",
        "控制图",
        "按前次规则的得分",
        "失分明细",
        "年度平均",
        "异议",
        "整改台账",
        "整改进度",
        "分不出高下的指标",
        "名次区间",
        "实际权重",
        "征求意见稿的变化",
        "未解得分",
        "月份",
        "月度变化",
        "相近得分",
        "稳健性分析",
        "系数可行区间",
        "目标差距",
        "连续情形",
        "项目相关",
    }
    for annex in june.reference("annexes"):
        number, mart = annex["annex_no"], annex["mart_name"]
        headings = [
            column["header_path"].split("|")[-1]
            for column in june.reference("annex_columns")
            if column["annex_no"] == number
        ]
        found = june.rows(
            "select column_name from information_schema.columns where table_schema = '附件' "
            f"and table_name = '附件{number}' order by ordinal_position"
        )
        first, *printed, last = [column for (column,) in found]
        assert (first, last) == ("月份", "城市")
        for heading, column in zip(headings, printed, strict=True):
            assert column.endswith(heading)
        view = f"select * exclude (城市) from 附件.附件{number} order by all"
        assert june.rows(view) == june.rows(
            f"select * exclude (city_code) from marts.{mart} order by all"
        )


def test_views_work_in_an_attached_release(june: Sandbox) -> None:
    """Two releases can be compared: marts and Chinese views do not depend on the catalog's name."""
    with duckdb.connect() as connection:
        path = june.root / "warehouse" / "ywtb.duckdb"
        connection.execute(f"attach '{path}' as older (read_only)")
        rows = connection.execute('select count(*) from older."附件"."附件2"').fetchone()
        assert rows == (26,)


def test_descriptions_are_database_comments(june: Sandbox) -> None:
    schemas = "('staging', 'intermediate', 'marts', 'audit', 'reference', 'errata', 'expected')"
    assert (
        june.rows(
            f"select schema_name, table_name from duckdb_tables() where schema_name in {schemas} "
            "and comment is null union all select schema_name, view_name from duckdb_views() "
            f"where schema_name in {schemas} and comment is null"
        )
        == []
    )
    assert (
        june.rows(
            "select schema_name, table_name, column_name from duckdb_columns() "
            f"where schema_name in {schemas} and comment is null"
        )
        == []
    )


def test_documentation_describes_every_model_and_column() -> None:
    files = [*ROOT.glob("models/**/*.yml"), *ROOT.glob("seeds/**/*.yml")]
    parsed = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    models, seeds = (
        [each for file in parsed for each in file.get(kind) or []] for kind in ("models", "seeds")
    )
    assert {each["name"] for each in models} == {path.stem for path in ROOT.glob("models/**/*.sql")}
    assert len(seeds) > 20
    undescribed = [
        (node["name"], column["name"])
        for node in (*models, *seeds)
        for column in ({**node, "name": ""}, *node.get("columns", []))
        if not column.get("description", "").strip()
    ]
    assert undescribed == []
