"""A cell means the same to the models and to the intake: both read it with the same macros."""

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import ROOT
from ywtb.intake.number_formats import seen_number
from ywtb.intake.readings import Reading, read_texts
from ywtb.intake.tables import ReceivedCell
from ywtb.intake.values import BadValueError, figure
from ywtb.project import Project

TYPES = ("percent", "count", "points", "number")
PIECES = st.sampled_from(
    [
        *"0123456789.%+-—－＋％．０９−–\u3000\u00a0\u2003\u200b\ufeff \n\tO٣①²",
        *("100", "00", "1e5", "0.5", "——"),
    ]
)
TEXTS = st.lists(PIECES, max_size=9).map("".join)


def read(text: str) -> Reading:
    return read_texts(Project(ROOT), [text])[text]


def taken(text: str, value_type: str) -> str | None:
    """The seed text that the intake makes of a cell of a CSV file, or None where it refuses."""
    try:
        cell = ReceivedCell(text, "text" if text.strip() else "blank")
        return figure(cell, value_type, {text: read(text)})
    except BadValueError:
        return None


@pytest.mark.parametrize(
    ("text", "value_type", "value"),
    [
        ("99.58%", "percent", "99.58"),
        ("94.55\u2003%", "percent", "94.55"),
        ("９９．５８％", "percent", "99.58"),
        ("\ufeff99.\u00a058\u200b%", "percent", "99.58"),
        ("-1%", "percent", "-1"),
        ("99.58", "percent", None),
        ("9 9.58%", "percent", None),
        ("99,58%", "percent", None),
        ("99.58‰", "percent", None),
        ("-0%", "percent", None),
        ("1\u0663", "count", None),
        ("٣", "count", None),
        ("3①", "count", None),
        ("①", "count", None),
        ("12²", "count", None),
        ("１２", "count", "12"),
        ("＋12", "count", "12"),
        ("−12", "count", "-12"),
        ("12.0", "count", None),
        ("007", "count", None),
        ("1 234", "count", None),
        ("1\n2", "count", None),
        ("1234567", "count", "1234567"),
        ("12345678", "count", None),
        ("0.123456", "points", "0.123456"),
        ("0.1234567", "points", None),
        ("-0.0", "number", None),
        (".5", "number", None),
        ("倒数2", "rank", "2"),
        ("倒数 1", "rank", "1"),
        ("0", "rank", None),
        ("第2", "rank", None),
    ],
)
def test_a_text_is_read_as_a_figure_or_not_at_all(
    text: str, value_type: str, value: str | None
) -> None:
    assert read(text).numbers[value_type] == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["—", "-", "－", "——", "–", " — ", "―"])
def test_a_dash_is_not_applicable(text: str) -> None:
    assert read(text).is_not_applicable
    assert taken(text, "count") == "—"


@settings(deadline=None)
@given(TEXTS, st.sampled_from(TYPES))
@example("94.55\u2003%", "percent")
@example("1\u0663", "count")
@example("-0.5", "points")
def test_what_the_models_read_the_intake_takes_as_the_same(text: str, value_type: str) -> None:
    value = read(text).numbers[value_type]
    if value is not None:
        seed = taken(text, value_type)
        assert seed is not None
        assert read(seed).numbers[value_type] == value


@settings(deadline=None)
@given(TEXTS, st.sampled_from(TYPES))
@example("99.58", "percent")
@example("＋3", "count")
@example("3①", "count")
def test_what_the_intake_takes_the_models_read_as_the_same(text: str, value_type: str) -> None:
    seed = taken(text, value_type)
    if seed is None:
        return
    reading, received = read(seed), read(text)
    if reading.numbers[value_type] is None:
        assert seed == "" or (reading.is_not_applicable and received.is_not_applicable)
    else:
        # Only a percentage without its sign is taken beyond what the models read.
        bare = received.numbers["number"] if value_type == "percent" else None
        assert reading.numbers[value_type] in (received.numbers[value_type], bare)


@pytest.mark.parametrize(
    ("value", "code", "seen", "is_percent"),
    [
        ("0.9958", "0.00%", "99.58", True),
        ("1", "0%", "100", True),
        ("0.5", "0.00%;[Red]-0.00%", "50", True),
        ("0.5", "_ * 0.0%_ ", "50", True),
        ("0.5", "[$-804]0.0%_)", "50", True),
        ("0.5", "0.0_%", "0.5", False),
        ("99.58", '0.00"%"', "99.58", True),
        ("0.5", "0.0\\%", "0.5", True),
        ("3", "", "3", False),
        ("3", "General", "3", False),
        ("3", "@", "3", False),
        ("1234", "#,##0_);[Red](#,##0)", "1234", False),
        ("3", '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', "3", False),
        ("0.6", "0.0#", "0.6", False),
        ("3", "[颜色3]0", "3", False),
    ],
)
def test_a_number_is_taken_as_it_is_seen(
    value: str, code: str, seen: str, is_percent: bool
) -> None:
    found = seen_number(Decimal(value), code)
    assert found is not None
    assert (found.value, found.is_percent) == (Decimal(seen), is_percent)


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        ("0.216216", "0.00%", "21.62"),
        ("0.99995", "0.00%", "100"),
        ("0.55", "0.0", "0.6"),
        ("2.675", "0.00", "2.68"),
        ("-2.675", "0.00", "-2.68"),
        ("3.4", "0", "3"),
    ],
)
def test_a_number_of_which_less_is_shown_is_taken_as_shown(
    value: str, code: str, seen: str
) -> None:
    found = seen_number(Decimal(value), code)
    assert found is not None
    assert found.is_rounded
    assert found.value == Decimal(seen)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0.57", "0%%"),
        ("1234000", "0,"),
        ("5", '"1"0'),
        ("5", '0"0"'),
        ("5", "0!0"),
        ("5", "0*0"),
        ("12.34", '0.00"亿"'),
        ("5", "[$¥-804]0"),
        ("5", "[$-D07041E]0"),
        ("12", "[DBNum1]General"),
        ("5", "00000"),
        ("5", "-0"),
        ("5", "0.00E+00"),
        ("0.5", "# ?/?"),
        ("5", ";;;"),
        ("5", '"—"'),
        ("0", '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ '),
        ("0", "0;-0;"),
        ("0", "#"),
        ("5", '[>3]"3";0'),
        ("99", '[<50]0;0"_%"'),
    ],
)
def test_a_number_that_is_seen_as_another_is_not_taken(value: str, code: str) -> None:
    assert seen_number(Decimal(value), code) is None
