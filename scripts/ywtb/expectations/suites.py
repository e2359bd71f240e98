"""Suites as written in `expectations/`, filled in with the rules of a month.

A file of `expectations/raw/` or `expectations/marts/` is one suite, called after the file, for the
frame of the same name:

    description: what the suite is for
    include: [_unit_feed]            # files of the same folder whose expectations it also has
    expectations:
      - type: expect_column_values_to_be_between
        for_each: indicators         # optional: once per row of this list of the frame
        where: {value_type: percent} # optional: only those with this value, or one of these
        rows: {group_code: [A, B]}   # optional: look only at rows with this value, or one of these
        rows_except: {...}           # optional: look only at the other rows
        kwargs: {column: "${column}", min_value: "${valid_min}", max_value: "${valid_max}"}
        severity: stop               # or warn
        description: "${title} ${range_text}"  # what was expected, in Chinese

`${name}` stands for a value of the row or of the frame. A kwarg that comes out as nothing, such as
the upper bound of a count, is left out.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ywtb.assessment.figures import plain_figure
from ywtb.expectations.frames import Frame
from ywtb.expectations.metadata import Row, load_yaml

SEVERITIES = ("stop", "warn")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_OPERATORS = {"rows": ("==", "IN"), "rows_except": ("!=", "NOT_IN")}
_KEYS = {"type", "for_each", "where", *_OPERATORS, "kwargs", "severity", "description"}
_COLUMN_KEYS = ("column", "column_A", "column_B")


class SuiteError(Exception):
    """A suite cannot be run as it is written; the message says which and why."""


@dataclass(frozen=True)
class Expectation:
    """One expectation, filled in: `kwargs` as Great Expectations takes them."""

    type: str
    kwargs: Row
    severity: str
    description: str

    @property
    def column(self) -> str | None:
        """The column that it is about; of a pair the one that the rule is about."""
        column = self.kwargs.get("column") or self.kwargs.get("column_B")
        return str(column) if column else None

    @property
    def columns(self) -> list[str]:
        """All columns that it reads."""
        named = [self.kwargs[key] for key in _COLUMN_KEYS if key in self.kwargs]
        condition = self.kwargs.get("row_condition")
        return [*([condition["column"]["name"]] if condition else []), *named]


def load_suites(folder: Path) -> dict[str, list[Row]]:
    """The expectations of every suite in a folder, by suite, as written.

    Raises:
        SuiteError: a file has an unknown key or severity, or includes what is not there.
    """
    suites = {}
    for path in sorted(folder.glob("[!_]*.yml")):
        content = load_yaml(path)
        written = list(content.get("expectations") or [])
        for name in content.get("include") or []:
            included = folder / f"{name}.yml"
            if not included.is_file():
                raise SuiteError(f"{path.name}: no file {included.name}")
            written = [*(load_yaml(included).get("expectations") or []), *written]
        for expectation in written:
            _check(path, expectation)
        if not written:
            raise SuiteError(f"{path.name}: no expectations")
        suites[path.stem] = written
    if not suites:
        raise SuiteError(f"{folder}: no suites")
    return suites


def _check(path: Path, expectation: Row) -> None:
    unknown = set(expectation) - _KEYS
    if unknown:
        raise SuiteError(f"{path.name}: unknown {', '.join(sorted(unknown))}")
    if not isinstance(expectation.get("type"), str):
        raise SuiteError(f"{path.name}: an expectation without a type")
    if expectation.get("severity") not in SEVERITIES:
        raise SuiteError(f"{path.name}: {expectation['type']}: severity must be stop or warn")


def fill_in(written: list[Row], frame: Frame) -> list[Expectation]:
    """The expectations of a suite for one frame; derived columns that they name are made.

    Raises:
        SuiteError: a placeholder or a list that the frame does not have.
    """
    filled = []
    for expectation in written:
        for row in _each(expectation, frame):
            values = {**frame.values, **row}
            try:
                kwargs = {
                    key: _fill(value, values)
                    for key, value in (expectation.get("kwargs") or {}).items()
                }
                for key in _OPERATORS.keys() & expectation.keys():
                    kwargs["row_condition"] = _condition(key, expectation[key], values)
                description = _fill(expectation.get("description", ""), values, is_text=True)
            except KeyError as missing:
                raise SuiteError(
                    f"{frame.name}: {expectation['type']}: nothing is called {missing}"
                ) from missing
            kwargs = {key: _exact(key, value) for key, value in kwargs.items() if value is not None}
            filled.append(
                Expectation(
                    expectation["type"],
                    kwargs,
                    expectation["severity"],
                    description or expectation["type"],
                )
            )
    frame.add(column for expectation in filled for column in expectation.columns)
    return filled


def _each(expectation: Row, frame: Frame) -> list[Row]:
    name = expectation.get("for_each")
    if name is None:
        return [{}]
    if name not in frame.lists:
        raise SuiteError(f"{frame.name}: {expectation['type']}: no list called {name!r}")
    conditions = (expectation.get("where") or {}).items()
    return [
        row
        for row in frame.lists[name]
        if all(
            row.get(key) in (wanted if isinstance(wanted, list) else [wanted])
            for key, wanted in conditions
        )
    ]


def _condition(key: str, rows: Row, values: Row) -> Row:
    """A row condition as Great Expectations keeps it."""
    ((column, wanted),) = rows.items()
    wanted = _fill(wanted, values)
    return {
        "type": "comparison",
        "column": {"name": _fill(column, values)},
        "operator": _OPERATORS[key][isinstance(wanted, list)],
        "parameter": wanted,
    }


def _fill(value: Any, values: Row, is_text: bool = False) -> Any:
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole and not is_text:
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda found: _text(values[found[1]]), value)


def _text(value: Any) -> str:
    return plain_figure(value) if isinstance(value, Decimal) else str(value)


def _exact(key: str, value: Any) -> Any:
    """A bound that Great Expectations can hold: a whole number, or the nearest float outside it.

    Values have at most ten places, so no value lies between a bound and that float, and the
    comparison stays exact although the suite cannot keep a decimal.
    """
    if not isinstance(value, Decimal):
        return value
    if value == value.to_integral_value():
        return int(value)
    near = float(value)
    if key.startswith("min") and Decimal(near) > value:
        return math.nextafter(near, -math.inf)
    if key.startswith("max") and Decimal(near) < value:
        return math.nextafter(near, math.inf)
    return near
