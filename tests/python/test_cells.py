"""A cell means the same to the models and to the intake."""

from decimal import Decimal
from typing import Any

import duckdb
import jinja2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import ROOT
from ywtb.intake.tables import Cell
from ywtb.intake.values import BadValueError, figure

TYPES = ("percent", "count", "points", "number")
PIECES = st.sampled_from(
    [*"0123456789.%+-—－＋％．０９\u3000\u00a0\u200b\ufeff \n\tO", "100", "00", "1e5", "0.5"]
)
TEXTS = st.lists(PIECES, max_size=9).map("".join)


def models_read(text: str, value_type: str) -> tuple[str | None, Decimal | None]:
    """The cell as the macros of the models read it: cleaned, and as a number."""
    macros = "".join(
        (ROOT / "macros" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("clean_text", "parse_number")
    )
    template = macros + (
        "select {{ clean_text('$text') }}, "
        "{{ parse_number(clean_text('$text'), \"'\" ~ value_type ~ \"'\") }}"
    )
    sql = jinja2.Environment(autoescape=False).from_string(template).render(value_type=value_type)
    ((cleaned, number),) = duckdb.execute(sql, {"text": text}).fetchall()
    return cleaned, number


@settings(deadline=None)
@given(TEXTS, st.sampled_from(TYPES))
@example("99.58", "percent")
@example("＋3", "count")
def test_what_the_intake_takes_the_models_can_read(text: str, value_type: str) -> None:
    try:
        taken = figure(Cell(text, "text" if text else "blank"), value_type)
    except BadValueError:
        return
    number: Any = models_read(taken, value_type)[1]
    assert number is not None or taken in ("", "—", "-")
