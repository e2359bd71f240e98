"""What was corrected, what was checked: errata, revisions and expectations of the month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ywtb.exports.corrections import KINDS
from ywtb.exports.release_month import Month
from ywtb.exports.site.views import ZERO, Names
from ywtb.release.queries import Row


@dataclass(frozen=True)
class Erratum:
    """Something wrong in print; `row` is one of `details`: cells and headings changed."""

    row: Row
    kind: str
    details: tuple[Row, ...]


@dataclass(frozen=True)
class Revision:
    """A correction of the month after it was published: its first row and all of them."""

    row: Row
    cells: tuple[Row, ...]


@dataclass(frozen=True)
class Suite:
    """Expectations that were checked together, and the part of the flow that they look at."""

    part: str
    title: str
    rows: tuple[Row, ...]

    @property
    def failed(self) -> int:
        """How many were not met."""
        return sum(not row["is_success"] for row in self.rows)


@dataclass(frozen=True)
class Quality:
    """The month's quality in figures; `reconciled` is empty while no official print is known."""

    met: int
    checked: int
    reconciled: tuple[tuple[str, int, int], ...]
    errata: int
    corrected: int
    imputed: int
    adjustments: int
    assumed_rules: int
    assumed_points: Decimal
    assumed_lost: Decimal


def errata(month: Month) -> list[Erratum]:
    """Errata in force, in order of their ids."""
    found = _together(month.tables["audit.errata_in_force"], "erratum_id")
    return [
        Erratum(
            rows[0],
            KINDS[rows[0]["erratum_kind"]],
            tuple(
                row
                for row in rows
                if row["corrected_value"] is not None and row["erratum_kind"] != "adjustment"
            ),
        )
        for rows in found.values()
    ]


def revisions(month: Month) -> list[Revision]:
    """Corrections of the published month, the latest first."""
    found = _together(month.tables["audit.revisions"], "release_id")
    made = [Revision(rows[0], tuple(rows)) for rows in found.values()]
    return sorted(made, key=lambda each: each.row["revised_at"], reverse=True)


def suites(month: Month) -> list[Suite]:
    """Suites of expectations: of what arrived, then of what leaves."""
    found = _together(month.tables["audit.expectation_results"], "suite").values()
    parts = {"raw": "收到的数据", "marts": "发出的数据"}
    return [
        Suite(title, rows[0]["suite_title"], tuple(rows))
        for part, title in parts.items()
        for rows in found
        if rows[0]["part"] == part
    ]


def quality(month: Month) -> Quality:
    """The figures of the month's quality."""
    tables = month.tables
    expectations = tables["audit.expectation_results"]
    cells = tables["audit.cell_reconciliation"]
    scores = tables["audit.score_reconciliation"]
    compared = (
        ("所印单元格", sum(row["is_reproduced"] for row in cells), len(cells)),
        (
            "所印得分",
            sum(row["reconciliation_status"] != "unexplained" for row in scores),
            len(scores),
        ),
    )
    corrections = tables["audit.errata_in_force"]
    assumed = tables["audit.assumed_rules"]
    return Quality(
        met=sum(row["is_success"] for row in expectations),
        checked=len(expectations),
        reconciled=tuple(each for each in compared if each[2]),
        errata=len({row["erratum_id"] for row in corrections}),
        corrected=sum(row["erratum_kind"] in ("cell", "header") for row in corrections),
        imputed=sum(row["obs_status"] == "I" for row in tables["marts.fct_observations"]),
        adjustments=len(tables["audit.adjustments_in_force"]),
        assumed_rules=len({row["rule_id"] for row in assumed}),
        assumed_points=sum((row["points_at_stake"] for row in assumed), ZERO),
        assumed_lost=sum((row["points_lost"] for row in assumed), ZERO),
    )


def column_names(month: Month, names: Names) -> Mapping[str, str]:
    """Chinese names of columns of annexes and monthly files, by their name there."""
    return {
        **{row["column_name"]: row["view_column_name"] for row in _columns(month)},
        **{code: row["indicator_name"] for code, row in names.indicators.items()},
    }


def _columns(month: Month) -> Sequence[Row]:
    return sorted(
        month.tables["reference.annex_columns"],
        key=lambda row: (row["annex_no"], row["column_no"]),
        reverse=True,
    )


def _together(table: Sequence[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in table:
        found.setdefault(row[key], []).append(row)
    return found
