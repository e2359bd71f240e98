"""What an objection is about: a unit's indicator or dimension, with its value by now."""

from ywtb.assessment.reference import Reference, month_of
from ywtb.intake import store
from ywtb.intake.collection import seed_rows
from ywtb.intake.layout import CITY_COLUMN, layout_of
from ywtb.intake.names import UnknownNameError, columns_named, unit_named
from ywtb.intake.tables import compact
from ywtb.project import Project


def contested_cell(project: Project, month: str, unit_name: str, name: str) -> dict[str, str]:
    """City, unit, dimension and indicator by the names that people use, and the cell's text.

    Raises:
        UnknownNameError: the month is not there, or a name is none of it.
    """
    layout = layout_of(Reference.from_seeds(project, month_of(month)))
    folder = store.month_folder(project, layout.month)
    if not folder.is_dir():
        raise UnknownNameError(f"没有 {month}")
    unit = unit_named(layout, unit_name)
    found = {
        CITY_COLUMN: unit[CITY_COLUMN] if layout.only_city is None else "",
        "unit_name": unit["unit_name"],
        "indicator_code": "",
        "contested_value": "",
    }
    for feed in layout.feeds:
        if compact(name) in (compact(feed.label), feed.name) and not feed.has_metrics:
            return {**found, "dimension_code": feed.name}
    for column in columns_named(layout, name):
        path = folder / layout.feed(column.feed).seed_name(layout.month)
        data = path.read_bytes() if path.is_file() else b""
        rows = seed_rows(layout, layout.feed(column.feed), data)
        cells = rows.get((unit[CITY_COLUMN], unit["unit_name"]), {})
        return {
            **found,
            "dimension_code": column.feed,
            "indicator_code": column.name,
            "contested_value": cells.get(column.name, ""),
        }
    raise UnknownNameError(f"没有指标或项目“{name}”，写模板中的名称")
