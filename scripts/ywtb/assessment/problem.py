"""What is wrong with the input, as people and programs are told it."""

from dataclasses import asdict, dataclass

from ywtb.assessment.figures import visible


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it is, what was seen and what was expected.

    Attributes:
        file: path or name of the file, or the table.
        row: row of the file, the header being row 1.
        column: the column, by its code where it has one.
        seen: what was seen, in Chinese.
        expected: what was expected, in Chinese.
        unit: whose row it is.
        sheet: the sheet of a workbook.
        title: what people call the column, where that is not its code.
    """

    file: str
    row: int | None
    column: str | None
    seen: str
    expected: str
    unit: str | None = None
    sheet: str | None = None
    title: str | None = None

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
            place += f" “{self.title or self.column}”列"
        return visible(f"{place}：{self.seen}；应为：{self.expected}")

    def as_dict(self) -> dict[str, str | int | None]:
        """The problem for programs, which know a column by its code."""
        return {key: value for key, value in asdict(self).items() if key != "title"}
