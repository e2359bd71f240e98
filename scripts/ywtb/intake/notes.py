"""What an intake set aside or read as something else: nothing of it is passed over in silence."""

from collections.abc import Iterable

from ywtb.assessment.figures import visible

MAX_DETAILS = 6
MAX_PLACES = 3


class Notes:
    """Notes of a month's files, one line for each sheet and kind."""

    def __init__(self) -> None:
        """Begin without any."""
        self._details: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, place: str, kind: str, detail: str = "") -> None:
        """Note something of a place.

        Args:
            place: the file, with its sheet.
            kind: what happened, in Chinese.
            detail: to what, such as a cell.
        """
        details = self._details.setdefault((place, kind), {})
        if detail:
            details[detail] = None

    @property
    def lines(self) -> list[str]:
        """All notes, in the order in which their kinds were met."""
        return [
            visible(f"{place}：{kind}" + (f"：{listed(details, MAX_DETAILS)}" if details else ""))
            for (place, kind), details in self._details.items()
        ]


def grouped(lines: Iterable[str]) -> list[str]:
    """Notes as `Notes.lines` has them, those of one kind in one line for all places."""
    kinds: dict[str, dict[str, None]] = {}
    found: dict[str, dict[str, None]] = {}
    for line in lines:
        place, kind, detail = (*line.split("：", 2), "")[:3]
        kinds.setdefault(kind, {})[place] = None
        if detail:
            found.setdefault(kind, {})[detail] = None
    return [
        f"{kind}：{listed(places, MAX_PLACES, '张表')}"
        + (f"；如{listed(found[kind], MAX_PLACES)}" if kind in found else "")
        for kind, places in kinds.items()
    ]


def listed(details: Iterable[str], most: int, counted: str = "处") -> str:
    """Details in one phrase; where there are more than `most`, their number instead of the rest."""
    found = list(details)
    if len(found) <= most:
        return "、".join(found)
    return f"{'、'.join(found[:most])}…等 {len(found)} {counted}"
