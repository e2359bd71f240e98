"""What arrives: the nine feeds of a month as frames, errata applied."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ywtb.expectations.frames import (
    NUMBERS,
    SCORE,
    ZERO,
    Frame,
    clean_text,
    column_titles,
    indicator_values,
    parse_number,
    percent_range,
    score_columns,
)
from ywtb.expectations.metadata import Metadata, Row, from_seeds, month_of
from ywtb.project import Project


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
    known = {clean_text(row["alias_name"]): names.get(row["unit_id"]) for row in metadata.aliases}
    known |= {clean_text(name): name for name in names.values()}
    groups = {unit["unit_name"]: unit["group_code"] for unit in metadata.units}
    for row in received:
        errata.correct(feed, row)
        unit = row.get("unit_name") or None
        row["unit_name"] = known.get(clean_text(unit)) or unit
        row["group_code"] = groups.get(row["unit_name"])
    return header, received


def _unit_feed(project: Project, metadata: Metadata, errata: _Errata, feed: str) -> Frame:
    # An indicator that nobody reports in this month has no column yet, or no longer.
    indicators = [
        row
        for row in metadata.indicators
        if row["dimension_code"] == feed and metadata.groups_reporting(row["indicator_code"])
    ]
    codes = [row["indicator_code"] for row in indicators]
    groups = [
        group
        for group in metadata.group_codes
        if any((group, code) in metadata.max_points for code in codes)
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
        lists={"indicators": [indicator_values(metadata, row, groups) for row in indicators]},
        titles=column_titles(metadata),
    )


def _source(project: Project, metadata: Metadata, feed: str) -> str:
    return str(_raw_path(project, metadata, feed).relative_to(project.root))


def _published_scores(project: Project, metadata: Metadata, errata: _Errata) -> Frame:
    """Printed scores; `score_sum` is what the printed sub-scores add up to.

    `score_sum_tolerance` is what rounding allows between that and the printed total: half a unit
    of the last place of each printed figure.
    """
    feed = "published_scores"
    header, received = _corrected_rows(project, metadata, errata, feed)
    scores = [f"{row['dimension_code']}{SCORE}" for row in metadata.dimensions]
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
        row["score_sum_gap"] = None if total is None else abs(total - sum(parts, ZERO))
        row["score_sum_tolerance"] = sum(_half_place(part) for part in [*parts, total or ZERO])
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
        lists={"scores": score_columns(metadata, metadata.group_codes)},
        titles=column_titles(metadata),
    )


def _half_place(number: Decimal) -> Decimal:
    """Half a unit of the last printed place, of at least two places (`22` stands for 22.00)."""
    exponent = number.as_tuple().exponent
    places = max(-exponent, 2) if isinstance(exponent, int) else 2
    return Decimal(5).scaleb(-places - 1)


def _city_metrics(project: Project, metadata: Metadata) -> Frame:
    """City-level figures, one column of numbers per value type."""
    header, received = _read(_raw_path(project, metadata, "city_metrics"))
    types = {row["metric_code"]: row["value_type"] for row in metadata.city_metrics}
    types_of_number = sorted(set(types.values()) & set(NUMBERS))
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
        values={"metric_codes": list(types), **percent_range(metadata)},
        titles={"metric_code": "指标代码", "province_rank_text": "全省名次"},
    )
