"""The tables that the suites look at, as pandas frames whose numbers are `Decimal` objects.

A frame holds one month. Besides the table's own columns a suite may name derived ones, which are
made when it does:

- `<column>_text`: the cell as received, cleaned of spaces and full-width forms (raw frames);
- `<column>_max`: the most that the unit's group can reach there (points, dimension score, total);
- `<column>_is_zero`, `<column>_is_full`: whether it is 0, or its highest valid value;
- `<column>_is_na`: whether the cell says that the figure does not apply (`—`).

Each is None where the cell is blank or cannot be read.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from ywtb.expectations.metadata import Metadata, Row, from_release, from_seeds, month_of
from ywtb.project import Project

NOT_APPLICABLE = ("—", "-")
_STRAY = re.compile(r"[\s\u00a0\u200b\u3000\ufeff]")
_WIDE = str.maketrans("０１２３４５６７８９．％＋－", "0123456789.%+-")
_NUMBERS = {
    "percent": re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)%"),
    "count": re.compile(r"(-?[0-9]{1,9})"),
    "points": re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)"),
    "number": re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)"),
}
_ZERO = Decimal(0)
_SCORE = "_score"


def clean_text(text: str | None) -> str | None:
    """The text without stray spaces and full-width forms, None if nothing is left."""
    return _STRAY.sub("", text or "").translate(_WIDE) or None


def parse_number(text: str | None, value_type: str) -> Decimal | None:
    """The number in a cleaned text, or None where it is not written as its type asks."""
    pattern = _NUMBERS.get(value_type)
    found = pattern.fullmatch(text) if pattern and text else None
    return Decimal(found[1]) if found else None


@dataclass
class Frame:
    """One table of one month: rows of plain values, and what the suite's placeholders stand for.

    Attributes:
        name: the suite that looks at it.
        metadata: the rules of the month.
        rows: one mapping per row; every row has the same keys.
        values: what `${name}` stands for in the suite.
        lists: what `for_each` goes through, by name.
        source: the file that the rows come from, for messages; else None.
        titles: Chinese names of columns, for messages.
    """

    name: str
    metadata: Metadata
    rows: list[Row]
    values: Row = field(default_factory=dict)
    lists: dict[str, list[Row]] = field(default_factory=dict)
    source: str | None = None
    titles: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know the columns even where there is no row."""
        self.columns = self.columns or list(self.rows[0] if self.rows else [])

    def add(self, columns: Iterable[str]) -> None:
        """Make the derived columns among `columns`."""
        for name in columns:
            if name in self.columns:
                continue
            for suffix, derive in _DERIVED.items():
                column = name.removesuffix(suffix)
                if column != name and column in self.columns:
                    for row in self.rows:
                        row[name] = derive(self, row, column)
                    self.columns.append(name)
                    break

    def as_pandas(self) -> Any:
        """The frame as pandas sees it: every column of objects, so that decimals stay exact."""
        import pandas

        return pandas.DataFrame(
            {
                column: pandas.Series([row[column] for row in self.rows], dtype=object)
                for column in self.columns
            }
        )


def _max(frame: Frame, row: Row, column: str) -> Decimal | None:
    group, metadata = row.get("group_code"), frame.metadata
    if group is None:
        return None
    if column in ("composite_score", "exact_score"):
        return metadata.total(group)
    if column.endswith(_SCORE):
        return metadata.weights.get((group, column.removesuffix(_SCORE)))
    return metadata.max_points.get((group, column))


def _is_zero(frame: Frame, row: Row, column: str) -> bool | None:
    return None if row[column] is None else row[column] == 0


def _is_full(frame: Frame, row: Row, column: str) -> bool | None:
    highest = {row["indicator_code"]: row["valid_max"] for row in frame.metadata.indicators}
    return None if row[column] is None else row[column] == highest[column]


def _is_na(frame: Frame, row: Row, column: str) -> bool | None:
    if f"{column}_text" not in row:
        return row[column] is None
    text = row[f"{column}_text"]
    return None if text is None else text in NOT_APPLICABLE


_DERIVED = {"_max": _max, "_is_zero": _is_zero, "_is_full": _is_full, "_is_na": _is_na}


# What arrives


def raw_frames(project: Project, months: Iterable[str]) -> Iterator[Frame]:
    """The nine feeds of each month, errata applied, as the models will read them.

    Args:
        project: the checkout.
        months: such as `2023_06`.

    A feed whose file is missing yields a frame without rows, except the optional one of
    published scores, which is left out.
    """
    for folder in months:
        metadata = from_seeds(project, month_of(folder))
        errata = _Errata.read(project, metadata)
        for dimension in metadata.dimensions:
            yield _unit_feed(project, metadata, errata, dimension["dimension_code"])
        yield _city_metrics(project, metadata)
        if _raw_path(project, metadata, "published_scores").is_file():
            yield _published_scores(project, metadata, errata)


def _raw_path(project: Project, metadata: Metadata, feed: str) -> Path:
    month = metadata.folder
    return project.seeds / "raw" / month / f"raw_{feed}__{month}.csv"


def _read(path: Path) -> tuple[list[str], list[Row]]:
    """Header and rows of a file; `row_no` counts as a spreadsheet does, the header being row 1."""
    if not path.is_file():
        return [], []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [
            {**{name: row[name] for name in row if name is not None}, "row_no": number}
            for number, row in enumerate(reader, start=2)
        ]
    return list(reader.fieldnames or []), rows


@dataclass(frozen=True)
class _Errata:
    """Corrections by (feed, row, column, printed text), and imputed cells by unit name."""

    corrections: Mapping[tuple[str, int, str, str], str]
    imputed: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, project: Project, metadata: Metadata) -> "_Errata":
        folder = project.seeds / "errata"
        in_month = {
            row["erratum_id"]
            for row in _read_own(folder / "errata.csv")
            if row["score_month"] == str(metadata.month)
        }
        corrections = {
            (row["feed"], int(row["row_no"]), row["column_name"], row["printed_value"]): row[
                "corrected_value"
            ]
            for row in _read_own(folder / "cell_corrections.csv")
            if row["erratum_id"] in in_month
        }
        imputed: dict[str, dict[str, str]] = {}
        for row in _read_own(folder / "imputed_cells.csv"):
            if row["erratum_id"] in in_month:
                cells = imputed.setdefault(row["unit_name"], {})
                cells[row["indicator_code"]] = row["imputed_value"]
        return cls(corrections, imputed)

    def correct(self, feed: str, row: Row) -> None:
        for column in [name for name in row if name != "row_no"]:
            key = (feed, row["row_no"], column, row[column])
            row[column] = self.corrections.get(key, row[column])


def _read_own(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _corrected_rows(
    project: Project, metadata: Metadata, errata: _Errata, feed: str
) -> tuple[list[str], list[Row]]:
    """Rows of a feed, errata applied, aliases replaced by the unit's name, group added."""
    header, received = _read(_raw_path(project, metadata, feed))
    names = {unit["unit_id"]: unit["unit_name"] for unit in metadata.units}
    aliases = {row["alias_name"]: names.get(row["unit_id"]) for row in metadata.aliases}
    groups = {unit["unit_name"]: unit["group_code"] for unit in metadata.units}
    for row in received:
        errata.correct(feed, row)
        unit = row.get("unit_name") or None
        row["unit_name"] = aliases.get(unit) or unit if unit not in groups else unit
        row["group_code"] = groups.get(row["unit_name"])
    return header, received


def _unit_feed(project: Project, metadata: Metadata, errata: _Errata, feed: str) -> Frame:
    indicators = [row for row in metadata.indicators if row["dimension_code"] == feed]
    codes = [row["indicator_code"] for row in indicators]
    groups = [
        group["group_code"]
        for group in metadata.groups
        if any((group["group_code"], code) in metadata.max_points for code in codes)
    ]
    header, received = _corrected_rows(project, metadata, errata, feed)
    present = {row["unit_name"] for row in received}
    unit_groups = {unit["unit_name"]: unit["group_code"] for unit in metadata.units}
    for unit, cells in errata.imputed.items():
        if unit not in present and any(code in cells for code in codes):
            blank = dict.fromkeys(codes)
            group = unit_groups.get(unit)
            received.append({**blank, "unit_name": unit, "row_no": None, "group_code": group})
    rows = []
    for cells in received:
        unit = cells["unit_name"]
        row: Row = {key: cells[key] for key in ("row_no", "unit_name", "group_code")}
        for indicator in indicators:
            code = indicator["indicator_code"]
            if code in header:
                text = clean_text(cells[code] or errata.imputed.get(unit, {}).get(code))
                row[code] = parse_number(text, indicator["value_type"])
                row[f"{code}_text"] = text
        rows.append(row)
    columns = ["row_no", "unit_name", "group_code"]
    columns += [name for code in codes if code in header for name in (code, f"{code}_text")]
    units = metadata.units_of(groups)
    return Frame(
        name=f"raw_{feed}",
        metadata=metadata,
        rows=rows,
        columns=columns,
        source=_source(project, metadata, feed),
        values={"unit_names": units, "unit_count": len(units), "required_columns": codes},
        lists={"indicators": [_indicator(metadata, row, groups) for row in indicators]},
        titles=_titles(metadata),
    )


def _indicator(metadata: Metadata, row: Row, groups: list[str]) -> Row:
    """What `for_each: indicators` offers: the indicator's seed row and who reports it."""
    reporting = metadata.groups_reporting(row["indicator_code"])
    reporting = [code for code in reporting if code in groups]
    return {
        **{key: value for key, value in row.items() if key != "valid_from"},
        "column": row["indicator_code"],
        "title": row["indicator_name"],
        "reporting_groups": reporting,
        "is_reported_by_all": len(reporting) == len(groups),
        "range_text": _range_text(row["valid_min"], row["valid_max"]),
    }


def _range_text(lower: Decimal | None, upper: Decimal | None) -> str:
    parts = []
    if lower is not None:
        parts.append(f"不小于 {lower.normalize():f}")
    if upper is not None:
        parts.append(f"不大于 {upper.normalize():f}")
    return "，".join(parts)


def _source(project: Project, metadata: Metadata, feed: str) -> str:
    return str(_raw_path(project, metadata, feed).relative_to(project.root))


def _titles(metadata: Metadata) -> dict[str, str]:
    titles = {row["indicator_code"]: row["indicator_name"] for row in metadata.indicators}
    for row in metadata.dimensions:
        titles[f"{row['dimension_code']}{_SCORE}"] = f"{row['dimension_name']}得分"
    return {**titles, "composite_score": "综合得分", "exact_score": "综合得分（未取整）"}


def _published_scores(project: Project, metadata: Metadata, errata: _Errata) -> Frame:
    """Printed scores; `score_sum` is what the printed sub-scores add up to.

    `score_sum_tolerance` is what rounding allows between that and the printed total: half a unit
    of the last place of each printed figure.
    """
    feed = "published_scores"
    header, received = _corrected_rows(project, metadata, errata, feed)
    scores = [f"{row['dimension_code']}{_SCORE}" for row in metadata.dimensions]
    wanted = [*scores, "composite_score"]
    rows = []
    for cells in received:
        row: Row = {key: cells[key] for key in ("row_no", "unit_name", "group_code")}
        for code in wanted:
            if code in header:
                row[f"{code}_text"] = clean_text(cells[code])
                row[code] = parse_number(row[f"{code}_text"], "points")
        parts = [row[code] for code in scores if row.get(code) is not None]
        total = row.get("composite_score")
        row["score_sum_gap"] = None if total is None else abs(total - sum(parts, _ZERO))
        row["score_sum_tolerance"] = sum((_half_place(part) for part in [*parts, total or _ZERO]))
        rows.append(row)
    columns = ["row_no", "unit_name", "group_code"]
    columns += [name for code in wanted if code in header for name in (code, f"{code}_text")]
    units = [unit["unit_name"] for unit in metadata.units]
    return Frame(
        name=f"raw_{feed}",
        metadata=metadata,
        rows=rows,
        columns=[*columns, "score_sum_gap", "score_sum_tolerance"],
        source=_source(project, metadata, feed),
        values={"unit_names": units, "unit_count": len(units), "required_columns": wanted},
        lists={"scores": _scores(metadata, [group["group_code"] for group in metadata.groups])},
        titles=_titles(metadata),
    )


def _half_place(number: Decimal) -> Decimal:
    """Half a unit of the last printed place, of at least two places (`22` stands for 22.00)."""
    exponent = number.as_tuple().exponent
    places = max(-exponent, 2) if isinstance(exponent, int) else 2
    return Decimal(5).scaleb(-places - 1)


def _scores(metadata: Metadata, groups: list[str]) -> list[Row]:
    """What `for_each: scores` offers: the score columns of some groups, total last."""
    offered = []
    for row in metadata.dimensions:
        scored = [code for code in groups if (code, row["dimension_code"]) in metadata.weights]
        if scored:
            offered.append(
                {
                    "column": f"{row['dimension_code']}{_SCORE}",
                    "title": f"{row['dimension_name']}得分",
                    "dimension_code": row["dimension_code"],
                    "reporting_groups": scored,
                    "is_reported_by_all": len(scored) == len(groups),
                }
            )
    total = {"column": "composite_score", "title": "综合得分", "dimension_code": None}
    return [*offered, {**total, "reporting_groups": groups, "is_reported_by_all": True}]


def _city_metrics(project: Project, metadata: Metadata) -> Frame:
    """City-level figures, one column of numbers per value type."""
    header, received = _read(_raw_path(project, metadata, "city_metrics"))
    types = {row["metric_code"]: row["value_type"] for row in metadata.city_metrics}
    types_of_number = sorted(set(types.values()) & set(_NUMBERS))
    rows = []
    for cells in received:
        value_type = types.get(cells.get("metric_code") or "")
        text = clean_text(cells.get("value"))
        row: Row = {
            "row_no": cells["row_no"],
            "metric_code": cells.get("metric_code") or None,
            "province_rank_text": clean_text(cells.get("province_rank")),
        }
        for name in types_of_number:
            is_named = name == value_type
            row[f"{name}_text"] = text if is_named else None
            row[name] = parse_number(text, name) if is_named else None
        rows.append(row)
    columns = ["row_no", "metric_code", "province_rank_text"]
    columns += [column for name in types_of_number for column in (name, f"{name}_text")]
    return Frame(
        name="raw_city_metrics",
        metadata=metadata,
        rows=rows,
        columns=columns if header else ["row_no"],
        source=_source(project, metadata, "city_metrics"),
        values={"metric_codes": list(types), **_percent_range(metadata)},
        titles={"metric_code": "指标代码", "province_rank_text": "全省名次"},
    )


def _percent_range(metadata: Metadata) -> Row:
    """The range of a rate: what the indicators that are rates allow."""
    rates = [row for row in metadata.indicators if row["value_type"] == "percent"]
    lower = min((row["valid_min"] for row in rates if row["valid_min"] is not None), default=None)
    upper = max((row["valid_max"] for row in rates if row["valid_max"] is not None), default=None)
    return {
        "percent_min": lower,
        "percent_max": upper,
        "percent_range_text": _range_text(lower, upper),
    }


# What leaves

SUMMARY_GROUPS = {
    "annex_01_group_a_summary": ["A"],
    "annex_02_group_b_summary": ["B"],
    "annex_03_county_summary": ["county"],
}
CONSTRUCTION_ANNEXES = ("annex_07_department_construction", "annex_10_county_construction")
SERVICE_ITEM_ANNEXES = ("annex_04_department_service_items", "annex_08_county_service_items")
FACTS = (
    "fct_observations",
    "fct_indicator_scores",
    "fct_dimension_scores",
    "fct_composite_scores",
    "fct_city_metrics",
)


class Release:
    """The marts of a built database, read once; rows by table and month."""

    def __init__(self, database: Path) -> None:
        """Read every mart and the rules of every month.

        Raises:
            duckdb.Error: the file is not a built release.
        """
        with duckdb.connect(str(database), read_only=True) as connection:
            found = connection.execute("from intermediate.int_score_months order by score_month")
            self.months: list[date] = [month for (month,) in found.fetchall()]
            self.metadata = {month: from_release(connection, month) for month in self.months}
            self._rows: dict[tuple[str, date], list[Row]] = {}
            self.columns: dict[str, list[str]] = {}
            for (table,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall():
                self._load(connection, table, f"marts.{table}")
            self._load(connection, "adjustments_in_force", "audit.adjustments_in_force")

    def _load(self, connection: duckdb.DuckDBPyConnection, name: str, table: str) -> None:
        cursor = connection.execute(f"from {table} order by all")
        columns = [column[0] for column in cursor.description or []]
        self.columns[name] = columns[1:]
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            self._rows.setdefault((name, row.pop("score_month")), []).append(row)

    def rows(self, table: str, month: date) -> list[Row]:
        """Copies of a table's rows of a month, without score_month."""
        return [dict(row) for row in self._rows.get((table, month), [])]


def mart_frames(release: Release, months: Iterable[date]) -> Iterator[Frame]:
    """Every annex and fact of each month, and the frames that compare them."""
    for month in months:
        metadata = release.metadata[month]
        for table in dict.fromkeys(row["mart_name"] for row in metadata.annex_columns):
            yield _annex(release, metadata, table)
        for table in FACTS:
            yield _fact(release, metadata, table)
        yield _cross_annex(release, metadata)
        yield _changes(release, metadata, "month_over_month_scores")
        yield _changes(release, metadata, "month_over_month_observations")


def _unit_rows(release: Release, metadata: Metadata, table: str) -> list[Row]:
    """Rows of a table, with the group that the month's roll gives for the unit's name."""
    units = {unit["unit_name"]: unit["group_code"] for unit in metadata.units}
    rows = release.rows(table, metadata.month)
    for row in rows:
        row.setdefault("group_code", units.get(row["unit_name"]))
    return rows


def _annex_groups(metadata: Metadata, table: str, columns: list[str]) -> list[str]:
    """Groups that an annex lists: those that report all its indicators."""
    if table in SUMMARY_GROUPS:
        return SUMMARY_GROUPS[table]
    known = {row["indicator_code"] for row in metadata.indicators}
    codes = [column for column in columns if column in known]
    return [
        group["group_code"]
        for group in metadata.groups
        if all((group["group_code"], code) in metadata.max_points for code in codes)
        and ("county" in table) == (group["group_code"] == "county")
    ]


def _annex(release: Release, metadata: Metadata, table: str) -> Frame:
    columns = release.columns[table]
    groups = _annex_groups(metadata, table, columns)
    names = {group["group_code"]: group["group_name"] for group in metadata.groups}
    rows = _unit_rows(release, metadata, table)
    for row in rows:
        row["roll_group_name"] = names.get(row["group_code"])
    indicators = [row for row in metadata.indicators if row["indicator_code"] in columns]
    units = metadata.units_of(groups)
    scores = [row for row in _scores(metadata, groups) if row["column"] in columns]
    for row in scores:
        weight = metadata.weights.get((groups[0], row["dimension_code"] or ""))
        row["weight"] = metadata.total(groups[0]) if weight is None else weight
    return Frame(
        name=table,
        metadata=metadata,
        rows=rows,
        columns=[*columns, "group_code", "roll_group_name"],
        source=None,
        values={"unit_names": units, "unit_count": len(units)},
        lists={
            "indicators": [_indicator(metadata, row, groups) for row in indicators],
            "scores": scores,
        },
        titles={**_titles(metadata), "unit_name": "单位", "group_name": "组别"},
    )


def _fact(release: Release, metadata: Metadata, table: str) -> Frame:
    rows = release.rows(table, metadata.month)
    columns = list(release.columns[table])
    indicators = {row["indicator_code"]: row for row in metadata.indicators}
    sizes = {
        code: len(metadata.units_of([code]))
        for code in (group["group_code"] for group in metadata.groups)
    }
    for row in rows:
        group = row.get("group_code")
        if "indicator_code" in row:
            indicator = indicators.get(row["indicator_code"], {})
            for name in ("valid_min", "valid_max", "is_required"):
                row[name] = indicator.get(name)
            row["rule_max_points"] = metadata.max_points.get((group, row["indicator_code"]))
        elif "dimension_code" in row:
            row["rule_weight"] = metadata.weights.get((group, row["dimension_code"]))
        elif "exact_score" in row:
            row["group_size"] = sizes.get(group)
        elif "metric_code" in row:
            row["is_percent"] = row["value_unit"] == "%"
    if rows:
        columns = list(rows[0])
    return Frame(
        name=table,
        metadata=metadata,
        rows=rows,
        columns=columns,
        values={
            "observation_count": sum(sizes[group] for group, _ in metadata.max_points),
            **_percent_range(metadata),
        },
        lists={"totals": [{"column": "exact_score"}, {"column": "composite_score"}]},
        titles={**_titles(metadata), "points": "得分", "score": "得分", "obs_value": "值"},
    )


def _cross_annex(release: Release, metadata: Metadata) -> Frame:
    """One row per unit: what one annex prints beside what another table says it should.

    `printed_*` stands in annexes 1-3; `fact_*` is the fact, rounded half up to the printed
    places; `construction_sum` comes from annexes 7 and 10, `service_items_is_clean` from 4 and 8.
    """
    month = metadata.month
    facts: dict[str, Row] = {}
    for row in release.rows("fct_composite_scores", month):
        facts.setdefault(row["unit_name"], {}).update(
            composite_score=row["composite_score"], sequence_no=row["sequence_no"]
        )
    for row in release.rows("fct_dimension_scores", month):
        column = f"{row['dimension_code']}{_SCORE}"
        facts.setdefault(row["unit_name"], {})[column] = row["score"]
    adjusted: dict[tuple[str, str], Decimal] = {}
    for row in release.rows("adjustments_in_force", month):
        key = (row["unit_name"], row["dimension_code"])
        adjusted[key] = adjusted.get(key, _ZERO) + row["adjustment_points"]
    construction = _by_unit(release, month, CONSTRUCTION_ANNEXES)
    service_items = _by_unit(release, month, SERVICE_ITEM_ANNEXES)
    scores = [row["column"] for row in _scores(metadata, _codes(metadata))]
    rows = []
    printed = _by_unit(release, month, SUMMARY_GROUPS)
    for unit in metadata.units:
        name, group = unit["unit_name"], unit["group_code"]
        annex, fact = printed.get(name, {}), facts.get(name, {})
        row: Row = {"unit_name": name, "group_code": group, "is_printed": name in printed}
        for column in [*scores, "sequence_no"]:
            row[f"printed_{column}"] = annex.get(column)
            row[f"fact_{column}"] = _rounded_like(fact.get(column), annex.get(column))
        row["construction_sum"] = _rounded_like(
            _points_sum(metadata, group, construction.get(name))
            + adjusted.get((name, "construction"), _ZERO),
            annex.get("construction_score"),
        )
        counts = service_items.get(name, {})
        row["service_items_is_clean"] = all(
            not counts[column]
            for column in counts
            if column in {row["indicator_code"] for row in metadata.indicators}
        )
        score, weight = annex.get("service_items_score"), metadata.weights.get((group, "service_items"))
        row["service_items_is_full"] = (
            None
            if score is None or weight is None
            else score - adjusted.get((name, "service_items"), _ZERO) == weight
        )
        rows.append(row)
    return Frame(
        name="cross_annex",
        metadata=metadata,
        rows=rows,
        lists={"scores": _scores(metadata, _codes(metadata))},
        titles=_titles(metadata),
    )


def _codes(metadata: Metadata) -> list[str]:
    return [group["group_code"] for group in metadata.groups]


def _by_unit(release: Release, month: date, tables: Iterable[str]) -> dict[str, Row]:
    return {row["unit_name"]: row for table in tables for row in release.rows(table, month)}


def _rounded_like(value: Decimal | int | None, printed: Decimal | int | None) -> Any:
    """The value rounded half up to the places of the printed one, None beside nothing printed."""
    if not isinstance(value, Decimal) or not isinstance(printed, Decimal):
        return value if printed is not None else None
    return value.quantize(Decimal(1).scaleb(int(printed.as_tuple().exponent)), ROUND_HALF_UP)


def _points_sum(metadata: Metadata, group: str, annex: Row | None) -> Decimal:
    """Sum of the points in a row of annex 7 or 10; none printed earns the most, none exceeds it."""
    total = _ZERO
    for indicator in metadata.indicators:
        most = metadata.max_points.get((group, indicator["indicator_code"]))
        if annex and most is not None and indicator["indicator_code"] in annex:
            points = annex[indicator["indicator_code"]]
            total += most if points is None else min(max(points, _ZERO), most)
    return total


def _changes(release: Release, metadata: Metadata, name: str) -> Frame:
    """Changes against the last month that was built before this one; empty for the first.

    One row per unit that stands in both, or per unit and rate; `<measure>_limit` is the most
    that is plausible.
    """
    earlier = [month for month in release.months if month < metadata.month]
    rows: list[Row] = []
    if name == "month_over_month_scores":
        columns = ["unit_name", "composite_score_change", "score_rank_change"]
        key, table = ("unit_id", "group_code"), "fct_composite_scores"
    else:
        columns = ["unit_name", "indicator_name", "percent_change"]
        key, table = ("unit_id", "indicator_code"), "fct_observations"
    before = {
        tuple(row[column] for column in key): row
        for row in (release.rows(table, earlier[-1]) if earlier else [])
    }
    indicators = {row["indicator_code"]: row for row in metadata.indicators}
    for row in release.rows(table, metadata.month):
        last = before.get(tuple(row[column] for column in key))
        if last is None:
            continue
        changed: Row = {"unit_name": row["unit_name"]}
        if table == "fct_composite_scores":
            changed["composite_score_change"] = abs(row["composite_score"] - last["composite_score"])
            changed["score_rank_change"] = Decimal(abs(row["score_rank"] - last["score_rank"]))
        else:
            indicator = indicators[row["indicator_code"]]
            if indicator["value_type"] != "percent" or None in (row["obs_value"], last["obs_value"]):
                continue
            changed["indicator_name"] = indicator["indicator_name"]
            changed["percent_change"] = abs(row["obs_value"] - last["obs_value"])
        for column in columns:
            if column.endswith("_change"):
                changed[f"{column}_limit"] = metadata.limits.get(column)
        rows.append(changed)
    limits = [f"{column}_limit" for column in columns if column.endswith("_change")]
    return Frame(
        name=name,
        metadata=metadata,
        rows=rows,
        columns=[*columns, *limits],
        values={"earlier_month": f"{earlier[-1]:%Y-%m}" if earlier else "上月"},
        titles={
            "composite_score_change": "综合得分变动",
            "score_rank_change": "位次变动",
            "percent_change": "比率变动",
        },
    )
