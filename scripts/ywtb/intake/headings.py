"""Which column of a table is which column of the month's files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz import fuzz, process

from ywtb.assessment.problem import Problem
from ywtb.intake.layout import CITY_COLUMN, CITY_HEADINGS, FeedColumn, Layout
from ywtb.intake.tables import Table, clean, compact, letters, shown

MAX_TITLE_ROWS = 15
MAX_LEVELS = 3
LIKENESS = 60
"""Least similarity, of 100, at which a name is suggested."""

Path = tuple[str, ...]
Role = Literal["key", "city_code", "sequence_no", "group_name"]
Target = FeedColumn | Role

KEY_COLUMN = "unit_name"


@dataclass
class Match:
    """The header of a table: where it stands and what each column (counted from 0) is.

    `aside` are columns that are no indicators. `is_annex`: the columns are those of an annex.
    """

    key_column: int
    first_row: int
    end_row: int
    has_metrics: bool
    columns: dict[int, FeedColumn] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    city_column: int | None = None
    group_column: int | None = None
    aside: dict[int, str] = field(default_factory=dict)
    sequence_column: int | None = None
    is_annex: bool = False
    problems: list[Problem] = field(default_factory=list)

    def is_read(self, column: int) -> bool:
        """Whether what a row says in a column matters."""
        return column in self.columns or column in (self.key_column, self.city_column)


class Headings:
    """All headings under which a column may arrive in the month."""

    def __init__(self, layout: Layout) -> None:
        """Collect them from the layout."""
        self.words = layout.words
        self.by_column: dict[str, Target] = {
            "sequence_no": "sequence_no",
            "group_name": "group_name",
        }
        self.unit_keys = {KEY_COLUMN, *layout.words.unit_headings}
        self.metric_keys: set[str] = set()
        self.canonical_keys = {feed.key for feed in layout.feeds}
        self.cities = {compact(heading) for heading in CITY_HEADINGS}
        self.by_label: dict[str, Target] = {}
        self.of_metrics: dict[str, FeedColumn] = {}
        for feed in layout.feeds:
            keys = self.metric_keys if feed.has_metrics else self.unit_keys
            keys.update((compact(feed.key), compact(feed.key_label)))
            for column in feed.columns:
                if feed.has_metrics:
                    self.of_metrics[compact(column.label)] = column
                    self.of_metrics[column.name] = column
                else:
                    self.by_column[column.name] = column
                    self.by_label[compact(column.label)] = column
        self.by_path: dict[Path, set[str]] = {}
        self.by_view_name: dict[str, set[str]] = {}
        self.by_leaf: dict[str, set[str]] = {}
        self.shown_keys = [
            label for feed in layout.feeds for label in (feed.key_label, feed.key)
        ] + [
            row["header_path"]
            for row in layout.reference.annex_columns
            if row["column_name"] == KEY_COLUMN
        ]
        annexes: dict[int, list[tuple[Path, Target]]] = {}
        for row in layout.reference.annex_columns:
            printed = annexes.setdefault(row["annex_no"], [])
            name = row["column_name"]
            path = tuple(compact(level) for level in row["header_path"].split("|"))
            if name == KEY_COLUMN:
                self.unit_keys.add(path[-1])
                printed.append((path, "key"))
            elif name in self.by_column:
                printed.append((path, self.by_column[name]))
                self.by_path.setdefault(path, set()).add(name)
                self.by_leaf.setdefault(path[-1], set()).add(name)
                self.by_view_name.setdefault(compact(row["view_column_name"]), set()).add(name)
        self.annexes = list(annexes.values())

    @property
    def keys(self) -> frozenset[str]:
        """Compact headings that mark the first column of a feed."""
        return frozenset(self.unit_keys | self.metric_keys)

    def match(self, table: Table) -> Match | Problem:
        """Find the header of `table` and say what its columns are."""
        for row, cells in enumerate(table.rows[:MAX_TITLE_ROWS]):
            keys = [i for i, cell in enumerate(cells) if compact(cell.text) in self.keys]
            if keys:
                return self._match(table, row, keys)
        wanted = "、".join(dict.fromkeys(self.shown_keys))
        return Problem(
            table.file, None, None, "没有表头", f"有一列名为 {wanted} 之一", sheet=table.sheet
        )

    def _match(self, table: Table, row: int, keys: list[int]) -> Match:
        has_metrics = compact(table.cell(row, keys[0]).text) in self.metric_keys
        match = Match(keys[0], row, row + 1, has_metrics)
        while match.end_row - row < MAX_LEVELS and self._is_lower_level(table, match):
            match.end_row += 1
        paths = self._paths(table, match)
        for key in keys[1:]:
            self._report(match, table, key, "列名重复", "每列名称不同")
        found: dict[int, Target | None] = self._targets(paths, match)
        canonical = self._canonical_row(table, match)
        if canonical is not None:
            self._compare(match, table, found, canonical, paths)
            match.end_row += 1
        self._assign(match, table, found, paths)
        return match

    def _is_lower_level(self, table: Table, match: Match) -> bool:
        """Whether the row after the header belongs to it: no key, and at least one heading."""
        row = match.end_row
        if row >= len(table.rows) or not table.cell(row, match.key_column).is_blank:
            return False
        known = {*self.by_leaf, *self.by_label}
        return any(self._heading(cell.text) in known for cell in table.rows[row])

    def _heading(self, text: str) -> str:
        """A heading for comparison, without the unit of its figures."""
        heading = compact(text)
        return heading if heading in self.keys else self.words.without_unit(heading)

    def _paths(self, table: Table, match: Match) -> dict[int, Path]:
        """Headings of every column from top to bottom; a merged heading counts for all below it."""
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for top, left, bottom, right in table.merges:
            is_heading = match.first_row <= top and bottom < match.end_row
            # Merged ranges never overlap in a file that a spreadsheet has written.
            if is_heading and (top, left) not in spans:
                for row in range(top, bottom + 1):
                    for column in range(left, min(right + 1, table.width)):
                        spans[row, column] = top, left
        paths: dict[int, Path] = {}
        above: dict[int, str] = {}
        for column in range(table.width):
            levels = []
            for row in range(match.first_row, match.end_row):
                text = self._heading(table.cell(*spans.get((row, column), (row, column))).text)
                is_lower = row > match.first_row
                if is_lower and spans.get((row, column), (row, column))[0] < row:
                    continue
                if not text and not table.merges and row + 1 < match.end_row:
                    # Without merges, as in CSV, a blank upper heading continues the one before it.
                    below = self._heading(table.cell(row + 1, column).text)
                    text = above.get(row, "") if below else ""
                above[row] = text
                if text:
                    levels.append(text)
            paths[column] = tuple(levels)
        return paths

    def _targets(self, paths: dict[int, Path], match: Match) -> dict[int, Target | None]:
        found: dict[int, Target | None] = {
            column: CITY_COLUMN
            for column, path in paths.items()
            if path and path[-1] in self.cities
        }
        filled = [column for column, path in paths.items() if path and column not in found]
        # A column of remarks may stand beside those of an annex.
        printed_columns = [column for column in filled if not self._is_aside(paths[column])]
        headings = [paths[column] for column in printed_columns]
        for annex in [] if match.has_metrics else self.annexes:
            for printed in (annex, [each for each in annex if each[1] != "sequence_no"]):
                full = [path for path, _ in printed]
                if headings in (full, [path[-1:] for path in full]):
                    targets = [target for _, target in printed]
                    match.is_annex = True
                    return found | dict(zip(printed_columns, targets, strict=True))
        before = ""
        for column in filled:
            found[column] = (
                "key"
                if column == match.key_column
                else self._one(paths[column], before, match.has_metrics)
            )
            before = paths[column][-1]
        return found

    def _one(self, path: Path, before: str, has_metrics: bool) -> Target | None:
        """What a single heading means; `before` is the heading to its left."""
        leaf = path[-1]
        if has_metrics:
            return self.of_metrics.get(leaf)
        if len(path) > 1:
            return self._only(self.by_path.get(path, set()))
        return (
            self.by_column.get(leaf)
            or self.by_label.get(leaf)
            or self._only(self.by_leaf.get(leaf, set()))
            or self._only(self.by_view_name.get(leaf, set()))
            or self._only(self.by_view_name.get(before + leaf, set()))
        )

    def _only(self, columns: set[str]) -> Target | None:
        return self.by_column[next(iter(columns))] if len(columns) == 1 else None

    def _canonical_row(self, table: Table, match: Match) -> dict[int, str] | None:
        """Canonical names by column, if the row after the header holds them."""
        row = match.end_row
        if clean(table.cell(row, match.key_column).text) not in self.canonical_keys:
            return None
        return {i: clean(cell.text) for i, cell in enumerate(table.rows[row]) if not cell.is_blank}

    def _compare(
        self,
        match: Match,
        table: Table,
        found: dict[int, Target | None],
        canonical: dict[int, str],
        paths: dict[int, Path],
    ) -> None:
        """The row of canonical names must say the same as the headings above it."""
        for column in sorted({*found, *canonical}):
            if column == match.key_column:
                continue
            target = found.get(column)
            name = target and _name(target)
            if name != canonical.get(column) and (target is not None or not paths.get(column)):
                self._report(
                    match,
                    table,
                    column,
                    f"表头与其下隐藏行的列名 {shown(canonical.get(column, ''))} 不符",
                    "模板原有的表头和列名（列可能被调换或增删）",
                    paths,
                )
                found[column] = None

    def _assign(
        self,
        match: Match,
        table: Table,
        found: dict[int, Target | None],
        paths: dict[int, Path],
    ) -> None:
        reported = {problem.column for problem in match.problems}
        first: dict[str, int] = {}
        for column, path in paths.items():
            target = found.get(column)
            label = self._label(column, paths)
            if not path:
                body = range(match.end_row, len(table.rows))
                if any(not table.cell(row, column).is_blank for row in body):
                    self._report(match, table, column, "该列没有表头", "每列都有表头", paths)
            elif target is None and self._is_aside(path):
                match.aside[column] = label
            elif target is None:
                if label not in reported:
                    expected = self._suggestion(path, match)
                    self._report(match, table, column, "未知的列", expected, paths)
            elif (name := _name(target)) in first:
                place = letters(first[name])
                self._report(match, table, column, f"与 {place} 列重复", "每列名称不同", paths)
            else:
                first[name] = column
                if isinstance(target, FeedColumn):
                    match.columns[column] = target
                    match.labels[column] = label
                elif target == CITY_COLUMN:
                    match.city_column = column
                elif target == "group_name":
                    match.group_column = column
                elif target == "sequence_no":
                    match.sequence_column = column

    def _suggestion(self, path: Path, match: Match) -> str:
        names: dict[str, Target] = (
            dict(self.of_metrics) if match.has_metrics else {**self.by_label, **self.by_column}
        )
        target = names.get(nearest(path[-1], list(names)) or "")
        label = target.label if isinstance(target, FeedColumn) else target
        return "模板或附件中的列名" + (f"，最接近的是“{label}”" if label else "")

    def _is_aside(self, path: Path) -> bool:
        return any(self.words.names("aside_column", each) for each in path)

    def _label(self, column: int, paths: dict[int, Path]) -> str:
        return "/".join(paths.get(column, ())) or letters(column)

    def _report(
        self,
        match: Match,
        table: Table,
        column: int,
        seen: str,
        expected: str,
        paths: dict[int, Path] | None = None,
    ) -> None:
        label = self._label(column, paths or {})
        match.problems.append(
            Problem(table.file, match.first_row + 1, label, seen, expected, sheet=table.sheet)
        )


def _name(target: Target) -> str:
    return target.name if isinstance(target, FeedColumn) else target


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The most similar of `names`, if any is similar at all."""
    found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=LIKENESS)
    return found[0] if found else None
