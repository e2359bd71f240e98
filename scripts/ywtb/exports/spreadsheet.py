"""Workbooks in which nothing can become a formula or a link, whatever a unit is called."""

from datetime import datetime
from pathlib import Path

import xlsxwriter

from ywtb.exports.release_month import ReleaseMonth

FONT = "宋体"
"""Both Windows and WPS have it."""
SIZE = 10.5
"""五号, in points."""


def new_workbook(path: Path, month: ReleaseMonth, title: str) -> xlsxwriter.Workbook:
    """A workbook to be filled and closed; the same month gives the same bytes.

    Args:
        path: where it goes, with the suffix `.xlsx`; its folder is there.
        month: what it shows.
        title: as programs tell it.
    """
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": SIZE},
    }
    workbook = xlsxwriter.Workbook(path, options)
    workbook.set_properties(
        {
            "title": title,
            "author": month.city["office_name"],
            "created": datetime(month.first_day.year, month.first_day.month, 1),
        }
    )
    return workbook
