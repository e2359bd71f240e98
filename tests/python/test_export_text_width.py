"""Text is measured and wrapped as Chinese is."""

import pytest

from ywtb.exports.workbook.text_width import line_count, narrowest, text_width, with_breaks, wrapped


def test_chinese_characters_and_marks_are_two_wide() -> None:
    assert text_width("“互联网+监管”得分") == 19
    assert text_width("100.00%") == 7


def test_no_line_begins_or_ends_with_the_wrong_mark() -> None:
    assert wrapped("“互联网+监管”得分", 8) == ["“互联网", "+监管”", "得分"]
    assert wrapped("甲乙丙，丁", 6) == ["甲乙", "丙，丁"]
    assert wrapped("甲乙（丙丁）", 6) == ["甲乙", "（丙", "丁）"]


def test_line_breaks_of_the_text_are_kept() -> None:
    assert wrapped("甲\n乙丙丁", 4) == ["甲", "乙丙", "丁"]
    assert wrapped("", 4) == [""]


def test_no_character_is_left_alone_on_the_last_line() -> None:
    assert with_breaks("综合得分", 7) == "综合\n得分"
    assert with_breaks("综合得分", 8) == "综合得分"


@pytest.mark.parametrize("lines", [1, 2, 3, 4])
@pytest.mark.parametrize("text", ["主动评价中的差评情况", "“省内通办”未认领发布事项数", "序号", ""])
def test_the_narrowest_width_is_the_narrowest(text: str, lines: int) -> None:
    width = narrowest(text, lines)
    assert line_count(text, width) <= lines
    assert (
        width == 2 or line_count(text, width - 1) > lines or width == -(-text_width(text) // lines)
    )
