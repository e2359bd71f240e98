"""Text is measured and broken as Chinese is, and columns have room for what they hold."""

import pytest

from conftest import Sandbox
from export_months import read_june
from ywtb.exports.release_month import ReleaseMonth
from ywtb.exports.text_layout import (
    CLOSING,
    NAME_ON_ONE_LINE,
    OPENING,
    column_widths,
    fold,
    width_in_ems,
)


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    return read_june(june)


def test_western_characters_take_about_half_of_a_chinese_one() -> None:
    assert width_in_ems("“互联网”得分") == 7
    assert width_in_ems("12") == pytest.approx(1.1)
    assert 3.5 < width_in_ems("100.00%") < 4.5


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("综合得分", 4, ["综合得分"]),
        ("综合得分", 3.5, ["综合", "得分"]),
        ("专项工作情况得分", 3.3, ["专项", "工作", "情况", "得分"]),
        ("电子证照签章率", 5, ["电子证照", "签章率"]),
        ("改革和“放管服”", 5, ["改革和", "“放管服”"]),
        ("甲\n乙丙丁", 2, ["甲", "乙丙", "丁"]),
        ("得分", 0.8, ["得分"]),
        ("", 4, []),
    ],
)
def test_lines_break_between_words_and_not_beside_the_wrong_mark(
    text: str, most: float, lines: list[str]
) -> None:
    assert fold(text, most) == lines


def test_headings_lose_nothing_by_being_broken(month: ReleaseMonth) -> None:
    for text in {heading.text for annex in month.annexes for heading in annex.headings}:
        for most in range(1, 12):
            lines = fold(text, most)
            assert "".join(lines) == text
            assert all(line[-1] not in OPENING for line in lines)
            assert all(line[0] not in CLOSING for line in lines)


@pytest.mark.parametrize("available", [600, 1000, 1500])
def test_columns_hold_their_cells_and_fill_the_page(month: ReleaseMonth, available: int) -> None:
    for annex in month.annexes:
        widths = column_widths(annex, 14, 10, available)
        assert sum(widths) >= available - 0.01
        for column, width, *cells in zip(annex.columns, widths, *annex.texts, strict=True):
            widest = max(map(width_in_ems, cells))
            if column.number_format == "@":
                widest = min(widest, NAME_ON_ONE_LINE)
            assert width - 10 >= widest * 14 - 0.01, (annex.number, column.name)
