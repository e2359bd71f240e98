"""Units and indicators by the names that people type."""

from ywtb.assessment.reference import Row
from ywtb.intake.layout import FeedColumn, Layout
from ywtb.intake.tables import compact


class UnknownNameError(Exception):
    """A name of nothing, or of several things, in the month; the message says so in Chinese."""


def unit_named(layout: Layout, name: str) -> Row:
    """The unit of a name or alias.

    Raises:
        UnknownNameError: no unit is called so, or units of two cities are.
    """
    found = {
        unit["unit_id"]: unit
        for (_, known), unit in layout.units_by_name.items()
        if known == compact(name)
    }
    if len(found) != 1:
        raise UnknownNameError(f"{'有几个' if found else '没有'}单位“{name}”，写名册中的名称")
    return next(iter(found.values()))


def columns_named(layout: Layout, name: str) -> list[FeedColumn]:
    """Columns of units' feeds by name or code, one in each feed that has it."""
    return [
        column
        for feed in layout.feeds
        for column in feed.columns
        if not feed.has_metrics and compact(name) in (column.name, compact(column.label))
    ]
