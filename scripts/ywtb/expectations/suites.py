"""Suites as written in `expectations/`: a question to a built release, what holds of the answer.

`expectations/raw` is about what arrived, `expectations/marts` about what leaves. A suite is two
files of one name. The SQL gives one row per thing looked at, beside it what the reference data or
other tables say that it should be: so no suite types a unit, a range or a weight. It may use what
the files `_*.sql` make, and `printed_cells` (see `frames`). Its columns are score_month, city_code,
whatever is compared, and for messages place (a file or a table), row_no, unit_name, column_name and
column_title. An expectation judges a row by itself, for it sees all months at once.
The YAML:

    title: 附件所印的值
    may_be_empty: true         # optional: a month may have no such row
    needs_table: cases.case_indicators  # optional: not asked of a release without this table
    expectations:
      - type: expect_column_pair_values_a_to_be_greater_than_b
        kwargs: {column_A: valid_max, column_B: cell_value, or_equal: true}
        about: cell_value      # optional: the column whose value is shown; else column or column_B
        severity: stop         # or warn
        description: 不大于该指标的上限  # what was expected, in Chinese
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ywtb.project import load_yaml

PARTS = ("raw", "marts")
SEVERITIES = ("stop", "warn")


class SuiteError(Exception):
    """A suite cannot be run as it is written; the message says which and why."""


@dataclass(frozen=True)
class Expectation:
    """One expectation; `kwargs` as Great Expectations takes them."""

    type: str
    kwargs: dict[str, Any]
    severity: str
    description: str
    about: str | None = None

    @property
    def column(self) -> str:
        """The column whose value it judges; of a pair the other one says what it should be."""
        return str(self.about or self.kwargs.get("column") or self.kwargs["column_B"])

    @property
    def columns(self) -> list[str]:
        """All columns that it reads."""
        return [
            self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs
        ]


@dataclass(frozen=True)
class Suite:
    """A question to a release, and what holds of every row of the answer."""

    part: str
    name: str
    sql: str
    title: str
    expectations: list[Expectation]
    may_be_empty: bool = False
    needs_table: str | None = None


def load_suites(folder: Path) -> list[Suite]:
    """The suites of `expectations/`, what arrives first.

    Raises:
        SuiteError: a suite lacks a part, or says something that is not known.
    """
    suites = []
    for part in PARTS:
        paths = sorted({path.with_suffix("") for path in (folder / part).iterdir()})
        suites += [_load(path) for path in paths]
    if not suites:
        raise SuiteError(f"{folder}: no suites")
    return suites


def _load(path: Path) -> Suite:
    try:
        sql = path.with_suffix(".sql").read_text(encoding="utf-8")
        content = load_yaml(path.with_suffix(".yml").read_text(encoding="utf-8"))
        expectations = [Expectation(**each) for each in content.pop("expectations")]
        suite = Suite(path.parent.name, path.name, sql, expectations=expectations, **content)
        named = [(each.column, each.columns) for each in expectations]
    except (OSError, yaml.YAMLError, TypeError, AttributeError, KeyError) as error:
        raise SuiteError(f"{path.name}: {error}") from error
    for each in expectations:
        if each.severity not in SEVERITIES:
            raise SuiteError(f"{path.name}: {each.type}: severity must be stop or warn")
    if not named:
        raise SuiteError(f"{path.name}: no expectations")
    return suite
