"""A rule's curve at a value, written out in figures."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ywtb.assessment.figures import plain_figure


def arithmetic(
    segments: Sequence[Mapping[str, Any]], value: Decimal, max_points: Decimal, points: Decimal
) -> str:
    """What a rule computes of a value, such as `1 − 0.006 × (50 − 42.86) = 0.95716`.

    A curve that reaches full marks where its only segment ends is written as what is missing there,
    as its text says it; any other as the sum of its segments. Where the sum lies outside of what
    an indicator can have, the limits are written after it.

    Args:
        segments: rows of `intermediate.int_rules_monthly`, all of one rule and month, in order.
        value: the observed one.
        max_points: of the indicator.
        points: what the value is worth, at most as many as there are.
    """
    base = sum(
        (max_points * each["base_share"] + each["base_points"] for each in segments), Decimal(0)
    )
    terms, result = [], base
    for each in segments:
        slope = max_points * each["slope_share"] + each["slope_points"]
        lower, upper = each["lower_value"], each["upper_value"]
        reached = max(lower, value if upper is None else min(value, upper))
        result += slope * (reached - lower)
        if (
            len(segments) == 1
            and upper is not None
            and base + slope * (upper - lower) == max_points
        ):
            base = max_points
            terms.append((-slope, f"({_figure(upper)} − {_figure(reached)})"))
        elif reached != lower:
            width = f"({_figure(reached)} − {_figure(lower)})" if lower else _figure(reached)
            terms.append((slope, width))
    text = _figure(base) if base or not terms else ""
    for slope, width in terms:
        sign = ("−" if slope < 0 else "+") if text else ("−" if slope < 0 else "")
        product = width if abs(slope) == 1 else f"{_figure(abs(slope))} × {width}"
        text += f" {sign} {product}" if text else f"{sign}{product}"
    equation = text if text == _figure(result) else f"{text} = {_figure(result)}"
    if result == points:
        return equation
    return f"{equation}，以 {_figure(points)} 为限"


def _figure(value: Decimal) -> str:
    return f"{'−' if value < 0 else ''}{plain_figure(abs(value))}"
