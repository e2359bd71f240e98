"""What is wrong with the input, as people and programs are told it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it is, what was seen and what was expected."""

    file: str
    row: int | None
    column: str | None
    seen: str
    expected: str
    unit: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        """The problem as one line of Chinese."""
        place = self.file
        if self.sheet is not None:
            place += f" [{self.sheet}]"
        if self.row is not None:
            place += f" 第{self.row}行"
        if self.unit is not None:
            place += f" {self.unit}"
        if self.column is not None:
            place += f" “{self.column}”列"
        return f"{place}：{self.seen}；应为：{self.expected}"

    def as_dict(self) -> dict[str, str | int | None]:
        """The problem for programs."""
        return asdict(self)
