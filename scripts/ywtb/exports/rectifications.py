"""The ledger of faults as it stands at a month, for people: units in official order."""

from collections.abc import Sequence
from dataclasses import dataclass

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

IN_TIME = {True: "按期", False: "逾期"}


@dataclass(frozen=True)
class Fault:
    """A fault of a unit.

    Attributes:
        row: of `marts.fct_rectifications`.
        is_rate: whether its value is a percentage.
    """

    row: Row
    is_rate: bool

    @property
    def in_time(self) -> str | None:
        """Whether it was closed in time, where that is known."""
        return IN_TIME.get(self.row["is_in_time"])

    @property
    def term(self) -> str | None:
        """Last day of its term and what that rests on, where there is a term."""
        if self.row["term_ends_on"] is None:
            return None
        return f"{self.row['term_ends_on']}（{self.row['term_basis_name']}）"


@dataclass(frozen=True)
class Ledger:
    """The ledger of a month.

    Attributes:
        title: what it is called.
        statuses: how faults can stand, in order: rows of `reference.rectification_statuses`.
        units: rows of `marts.fct_rectification_progress`, each with the unit's faults in order.
    """

    title: str
    statuses: Sequence[Row]
    units: tuple[tuple[Row, tuple[Fault, ...]], ...]

    @property
    def faults(self) -> list[Fault]:
        """All of them."""
        return [fault for _, faults in self.units for fault in faults]

    @property
    def has_terms(self) -> bool:
        """Whether any of them is to be closed by some day."""
        return any(fault.row["term_ends_on"] for fault in self.faults)


def rectifications(month: ReleaseMonth) -> Ledger | None:
    """The ledger, if one is made in the month; units that are no longer assessed come last."""
    documents = {
        row["document_code"]: row["document_name"]
        for row in month.tables["intermediate.int_unit_documents_monthly"]
    }
    if "rectifications" not in documents:
        return None
    faults = grouped(month.tables["marts.fct_rectifications"], "unit_id")
    units, indicators = list(month.units), list(month.indicators)

    def fault(row: Row) -> Fault:
        indicator = month.indicators.get(row["indicator_code"], {})
        return Fault(row, is_rate=indicator.get("value_type") == "percent")

    def place(row: Row) -> tuple[int, str]:
        code = row["indicator_code"]
        return indicators.index(code) if code in indicators else len(indicators), code

    def unit_place(row: Row) -> tuple[int, str]:
        unit_id = row["unit_id"]
        return units.index(unit_id) if unit_id in units else len(units), unit_id

    return Ledger(
        documents["rectifications"],
        sorted(
            month.tables["reference.rectification_statuses"], key=lambda row: row["status_order"]
        ),
        tuple(
            (row, tuple(map(fault, sorted(faults[row["unit_id"]], key=place))))
            for row in sorted(month.tables["marts.fct_rectification_progress"], key=unit_place)
        ),
    )
