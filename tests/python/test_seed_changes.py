"""Rules, weights, units and indicators change by seed rows alone, from a month on."""

from decimal import Decimal
from typing import Any

import pytest

from conftest import Sandbox, copy_of, edit
from ywtb.release.queries import connect_read_only, summaries

MONTH = "2023-07-01"


@pytest.fixture(scope="module")
def july(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """July with every kind of dated change, each made by adding seed rows."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("july"))
    units = {unit["unit_name"]: unit["group_code"] for unit in sandbox.reference("units")}
    sandbox.append(
        "reference/scoring_rules",
        "online_offline_mismatch_count,1,pool_deduction,0,0,0,,0,-0.10,stated,七月通知,"
        f"每 1 件从本项总分中扣 0.10 分,{MONTH},",
        f"overdue_case_count,1,per_case_deduction,1,0,0,,0,-1,stated,七月通知,"
        f"每 1 件扣 1 分，扣完为止,{MONTH},",
        f"survey_rate,1,proportional,0,0,0,100,0.01,0,stated,七月通知,按比例计分,{MONTH},",
    )
    sandbox.append(
        "reference/units",
        f"511700-B11,511700,市退役军人事务服务局,B,29,,{MONTH},",
        f"511700-A14,511700,市国动办,B,14,,{MONTH},",
    )
    sandbox.append(
        "reference/dimension_weights",
        f"service_items,B,21,{MONTH},,",
        f"licenses,B,21,{MONTH},,",
    )
    sandbox.append(
        "reference/indicators",
        "survey_rate,licenses,6,抽查合格率,percent,0,100,true,抽查合格的比例",
    )
    sandbox.append("reference/group_indicators", f"survey_rate,B,survey_rate,1,{MONTH},")
    renamed = next(
        unit["unit_name"] for unit in sandbox.reference("units") if unit["unit_id"] == "511700-B11"
    )
    names = {
        "市退役军人事务服务局" if name == renamed else name: "B" if name == "市国动办" else group
        for name, group in units.items()
    }
    sandbox.add_month(
        "2023_07",
        {
            ("渠县", "online_offline_mismatch_count"): "1",
            ("市档案局", "survey_rate"): "90.00%",
            ("市国动办", "unsealed_new_count"): "2",
            ("达川区", "overdue_case_count"): "2",
        },
        names,
    )
    sandbox.refresh()
    return sandbox


def score(sandbox: Sandbox, unit: str, dimension: str, month: str = MONTH) -> Any:
    return sandbox.rows(
        "select weight, score from marts.fct_dimension_scores where unit_name = "
        f"'{unit}' and dimension_code = '{dimension}' and score_month = '{month}'"
    )


def test_changed_coefficient(july: Sandbox) -> None:
    assert score(july, "渠县", "service_items") == [(Decimal(14), Decimal("13.90"))]
    assert score(july, "渠县", "service_items", "2023-06-01") == [(Decimal(14), Decimal("13.95"))]


def test_changed_coefficient_to_a_whole_number(july: Sandbox) -> None:
    assert score(july, "达川区", "efficiency") == [(Decimal(15), Decimal(13))]


def test_changed_weight_and_added_indicator(july: Sandbox) -> None:
    assert score(july, "市档案局", "service_items") == [(Decimal(21), Decimal(21))]
    assert score(july, "市档案局", "licenses") == [(Decimal(21), Decimal("20.9"))]
    assert score(july, "市档案局", "licenses", "2023-06-01") == [(Decimal(20), Decimal(20))]


def test_renamed_unit_keeps_its_identity(july: Sandbox) -> None:
    names = july.rows(
        "select unit_name from marts.fct_composite_scores where unit_id = '511700-B11' "
        "order by score_month"
    )
    assert len(names) == 2
    assert names[0] != names[1] == ("市退役军人事务服务局",)


def test_moved_unit_is_ranked_in_its_new_group(july: Sandbox) -> None:
    assert score(july, "市国动办", "licenses") == [(Decimal(21), Decimal("20.9"))]
    assert score(july, "市国动办", "construction") == []
    sizes = july.rows(
        "select strftime(score_month, '%m'), group_code, count(*), max(sequence_no) "
        "from marts.fct_composite_scores group by all order by all"
    )
    assert [(month, group, size) for month, group, size, _ in sizes] == [
        ("06", "A", 15),
        ("06", "B", 26),
        ("06", "county", 8),
        ("07", "A", 14),
        ("07", "B", 27),
        ("07", "county", 8),
    ]
    assert all(size == last for _, _, size, last in sizes)


def test_earlier_months_are_unchanged(july: Sandbox, june: Sandbox) -> None:
    for table in ("marts.fct_indicator_scores", "marts.fct_composite_scores", "audit.annex_cells"):
        sql = f"select * from {table} where score_month = '2023-06-01' order by all"
        assert july.rows(sql) == june.rows(sql)


def test_a_month_alone(sandbox: Sandbox) -> None:
    """Months do not need each other: one without June's errata and expected cells builds alone.

    Aliases are resolved, and stray spaces do not matter.
    """
    sandbox.add_month("2023_08", {})
    edit(sandbox.raw("licenses", "2023_08"), "市档案局,", "市 档案局,")
    edit(sandbox.raw("efficiency", "2023_08"), "市科技局,", "市科学技术局,")
    for file in (sandbox.root / "seeds" / "raw" / "2023_06").iterdir():
        file.unlink()
    (sandbox.root / "seeds" / "raw" / "2023_06").rmdir()
    sandbox.list_months("2023_08")
    sandbox.build()
    with connect_read_only(sandbox.root / sandbox.database) as connection:
        (month,) = summaries(connection, "2023-08")
    assert month["month"] == "2023-08"
    assert month["printed_cells"] == 0
    assert [group["unit_count"] for group in month["groups"]] == [15, 26, 8]
