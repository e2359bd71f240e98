"""Charts from plain rows, in a plain style that also reads in grey print.

Each function returns an Altair chart; `svg` draws one. Values are strings or `Decimal`
and become floats only here, where a picture needs them.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from ywtb.assessment.figures import printable
from ywtb.exports.bulletin.frame import GAP_AXIS, SCORE_AXIS, UnitGaps

FONTS = (
    "Source Han Sans SC, Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, "
    "WenQuanYi Micro Hei, sans-serif"
)
"""Typefaces of charts, the first that is there."""

INK = "#222222"
MUTED = "#6b6b6b"
RULE = "#d9d9d9"
DARKS, LIGHTS = ("#111111", "#3f3f3f", "#5c5c5c", "#2a2a2a"), ("#f4f4f4", "#b6b6b6", "#d6d6d6")
"""Fills of parts of a bar, by turns: any of the ones and any of the others contrast by 3:1."""


def theme() -> dict[str, Any]:
    """The Vega-Lite configuration of all charts."""
    return {
        "font": FONTS,
        "background": "white",
        "view": {"stroke": None},
        "axis": {
            "labelColor": INK,
            "titleColor": MUTED,
            "labelFontSize": 9.5,
            "titleFontSize": 9.5,
            "titleFontWeight": "normal",
            "gridColor": RULE,
            "domain": False,
            "ticks": False,
            "labelPadding": 4,
        },
        "legend": {
            "orient": "top",
            "offset": 6,
            "title": None,
            "labelFontSize": 10,
            "labelColor": INK,
            "symbolType": "square",
            "symbolSize": 70,
            "symbolStrokeColor": INK,
            "columnPadding": 10,
        },
        "title": {"color": INK, "fontSize": 11, "fontWeight": "normal", "anchor": "start"},
    }


def totals_and_gaps(
    units: Sequence[UnitGaps], parts: Sequence[str], width: int = 560, row_height: int = 10
) -> alt.HConcatChart:
    """Units as rows in the order given: totals as dots on the left, gaps as bars on the right.

    Args:
        units: of one group.
        parts: names of the parts of a bar, in their order, which gives each its grey; one without
            any gap is left out, and so are the bars where nobody is behind.
        width: of the whole, in pixels.
        row_height: of a row, in pixels.
    """
    shown = [part for part in parts if any(unit.gaps.get(part) for unit in units)]
    fills = {
        part: (LIGHTS if place % 2 else DARKS)[place // 2 % len(LIGHTS if place % 2 else DARKS)]
        for place, part in enumerate(parts)
    }
    # Between two dark parts is a white line, between two light ones a dark one.
    edges = ["white" if fills[part] in DARKS else INK for part in shown]
    order = [unit.unit for unit in units]
    height = row_height * len(units)
    labels = alt.Axis(labelLimit=150, minExtent=116, title=None, grid=False)
    totals = alt.InlineData(
        values=[
            {"unit": unit.unit, "total": float(unit.total), "text": f"{unit.total:f}"}
            for unit in units
        ]
    )
    gaps = alt.InlineData(
        values=[
            {"unit": unit.unit, "part": part, "place": place, "gap": float(unit.gaps.get(part, 0))}
            for unit in units
            for place, part in enumerate(shown)
        ]
    )
    y = alt.Y("unit:N", sort=order, axis=labels)
    low = float(min(unit.total for unit in units))
    high = float(max(unit.total for unit in units))
    room = max(high - low, 0.1)
    dots = (
        alt.Chart(totals)
        .encode(
            x=alt.X(
                "total:Q",
                title=SCORE_AXIS,
                scale=alt.Scale(domain=[low - room * 0.1, high + room * 0.45], nice=False),
                axis=alt.Axis(tickCount=4),
            ),
            y=y,
        )
        .properties(width=int(width * (0.32 if shown else 0.77)), height=height)
    )
    left = dots.mark_point(filled=True, size=34, color=INK, opacity=1) + dots.mark_text(
        align="left", dx=6, fontSize=9, color=INK
    ).encode(text="text:N")
    right = (
        alt.Chart(gaps)
        .transform_filter(alt.datum.gap > 0)
        .mark_bar(height={"band": 0.72}, strokeWidth=0.6)
        .encode(
            x=alt.X("gap:Q", title=GAP_AXIS, axis=alt.Axis(tickCount=5)),
            y=alt.Y(
                "unit:N",
                sort=order,
                scale=alt.Scale(domain=order),
                axis=alt.Axis(labels=False, title=None),
            ),
            color=alt.Color(
                "part:N",
                sort=shown,
                scale=alt.Scale(domain=shown, range=[fills[part] for part in shown]),
            ),
            stroke=alt.Stroke("part:N", sort=shown, scale=alt.Scale(domain=shown, range=edges)),
            order=alt.Order("place:Q"),
        )
        .properties(width=int(width * 0.45), height=height)
    )
    sides = [left, right] if shown else [left]
    chart: alt.HConcatChart = alt.hconcat(*sides, spacing=14).configure(**theme())
    return chart


def svg(chart: alt.TopLevelMixin) -> str:
    """A chart as an SVG, the same text for the same chart."""
    return vl_convert.vegalite_to_svg(_clean(chart.to_dict(validate=False)))


def _clean(part: Any) -> Any:
    """A specification without characters that end the drawing process at once (vl-convert 1.9)."""
    if isinstance(part, dict):
        return {_clean(key): _clean(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_clean(value) for value in part]
    return printable(part) if isinstance(part, str) else part
