"""A short name is understood where no other unit can be meant."""

import pytest

from conftest import ROOT, Sandbox
from ywtb.assessment.unit_names import meant_units
from ywtb.project import Project


def named() -> list[tuple[str, str]]:
    project = Project(ROOT)
    units = {row["unit_id"]: row["unit_name"] for row in project.reference("units")}
    aliases = project.reference("unit_aliases")
    return [(name, name) for name in units.values()] + [
        (row["alias_name"], units[row["unit_id"]]) for row in aliases
    ]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("水务局", "市水务局"),
        ("达州市水务局", "市水务局"),
        ("大竹", "大竹县"),
        ("万源", "万源市"),
        ("自规局", "市自然资源规划局"),
        ("卫健委", "市卫生健康委"),
        ("高新", "达州高新区"),
        ("住建局", "市住房城乡建设局"),
    ],
)
def test_a_short_name_is_one_unit(name: str, unit: str) -> None:
    assert meant_units(name, named(), ["达州市"]) == [unit]


@pytest.mark.parametrize("name", ["", "竹", "市", "甲局", "服务中心"])
def test_a_name_that_may_mean_anything_is_none(name: str) -> None:
    assert meant_units(name, named(), ["达州市"]) == []


def test_all_that_a_name_may_mean_are_told() -> None:
    units = [("市林业局", "A"), ("市林木产业局", "B"), ("市水务局", "C")]
    assert meant_units("林业局", units) == ["A"]
    assert meant_units("林局", units) == ["A", "B"]


def test_explain_understands_short_names(june: Sandbox) -> None:
    assert june.run("explain", "自规局").stdout.startswith("2023-06 市自然资源规划局")
    assert june.run("explain", "大竹").stdout.startswith("2023-06 大竹县")
    done = june.run("explain", "民局")
    assert done.returncode == 2
    assert done.stderr == "“民局”可能指：市民宗局、市民政局；请写明其中一个\n"
