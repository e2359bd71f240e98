"""What is recorded of a published month, and what a new release would change of it: it is frozen.

`published/2023-06.json` (`published/<city_code>/2023-06.json` where the month has several cities)
holds every text and figure that the month's exports show, and the month's history: when it was
published, corrected and rolled back, by which release and why. It is written just
before a release is published, and read by every refresh wherever its release came from, so that a
clone refuses what this checkout refuses, and no switch of releases loses a correction.

Layout, typefaces and code may change without a correction; words and figures may not.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import SequenceMatcher
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.figures import plain_figure, signed, value_change
from ywtb.assessment.reference import month_of
from ywtb.checksums import Damage, DamageError
from ywtb.exports.bulletin.frame import frame
from ywtb.exports.bulletin.narrative import narrative
from ywtb.exports.corrections import corrections
from ywtb.exports.release_month import (
    Annex,
    ReleaseMonth,
    final_months,
    grouped,
    read_month,
)
from ywtb.project import Project
from ywtb.release.comparison import correction_effects
from ywtb.release.queries import Row, connect_read_only
from ywtb.release.records import (
    DATA,
    FRAME,
    SCORES,
    TEXT,
    WHOLE,
    Change,
    Content,
    Entry,
    Event,
    Record,
    read_records,
    write_record,
)
from ywtb.release.releases import DATABASE, NotPublishedError, published_database

USES = "intermediate.int_group_indicators_monthly"
UNPRINTED = (SCORES, DATA)
"""Places of what is not printed: told only where nothing that is printed changes."""

TOTAL, RANK = "综合得分", "名次"

RUN_TABLES = (
    "audit.cell_sources", "audit.draft_changes", "audit.expectation_results",
    "audit.release_checks", "audit.release_months", "audit.release_records", "audit.revisions",
    "audit.unit_objections", "marts.dim_months", "marts.fct_close_totals",
    "marts.fct_coefficient_ranges", "marts.fct_dimension_correlations",
    "marts.fct_effective_weights", "marts.fct_indistinct_indicators", "marts.fct_rank_ranges",
    "marts.fct_rectification_progress", "marts.fct_rectifications", "marts.fct_robustness_steps",
    "marts.fct_unexplained_scores",
)  # fmt: skip
"""What is said of the month and its making, not its figures."""


def content_of(month: ReleaseMonth) -> Content:
    """Every text and figure that the exports of a month show."""
    tables = month.tables
    content: Content = {
        FRAME: {month.city["city_name"]: frame(month).texts()},
        "通报正文": {month.city["city_name"]: dict(_metrics(month))},
        TEXT: {
            "正文": {
                str(number): each.text for number, each in enumerate(narrative(month), start=1)
            }
        },
        **{f"附件{annex.number}": dict(_annex(month, annex)) for annex in month.annexes},
        "年内累计": {
            row["unit_name"]: {
                "平均得分": f"{row['average_score']}",
                "平均位次": str(row["average_rank"]),
            }
            for row in tables["marts.fct_year_to_date_scores"]
        },
        "考核项目": {
            row["dimension_name"]: _points(
                month, "dimension_code", row, "intermediate.int_dimension_weights_monthly", "weight"
            )
            for row in month.dimensions.values()
        },
        "组别": {row["group_name"]: {"单位称": row["unit_label"]} for row in month.groups.values()},
        "规则": {
            row["rule_id"]: {
                "规则": row["rule_text"],
                "种类": row["rule_kind_description"],
                "依据种类": row["basis_name"],
                "依据": row["evidence"],
                "计分": _curve(month, row["rule_id"]),
            }
            for row in tables["marts.dim_rules"]
        },
        "依据种类": {
            row["basis_name"]: {"说明": row["description"]} for row in month.bases.values()
        },
        "指标": {
            row["indicator_code"]: {
                "名称": row["indicator_name"],
                "说明": row["description"] or "",
                **_points(month, "indicator_code", row, USES, "max_points", "rule_id"),
            }
            for row in tables["marts.dim_indicators"]
        },
        "勘误": dict(_corrections(month)),
        "数据文件": {
            code: {"名称": month.feeds[code]["feed_name"]}
            for code in sorted(
                {row["feed"] for row in tables["audit.errata_in_force"]} & month.feeds.keys()
            )
        },
        SCORES: _scores(month),
        DATA: {
            source: _digest(rows, list(rows[0]))
            for source, rows in tables.items()
            if source.split(".")[0] in ("marts", "audit") and source not in RUN_TABLES and rows
        },
    }
    return content


def _metrics(month: ReleaseMonth) -> Iterator[tuple[str, str]]:
    for row in month.tables["marts.fct_city_metrics"]:
        parts = [row["metric_text"], row["detail"]]
        if row["metric_value"] is not None:
            parts[0] = f"{plain_figure(row['metric_value'])}{row['value_unit'] or ''}"
        if row["province_rank"] is not None:
            bottom = "倒数" if row["is_rank_from_bottom"] else ""
            parts.insert(1, f"全省{bottom}第{row['province_rank']}")
        yield row["metric_name"], "，".join(part for part in parts if part)


def _points(
    month: ReleaseMonth, code: str, row: Mapping[str, Any], table: str, *columns: str
) -> dict[str, str]:
    """Points that each group has for a dimension or indicator, and by what rule."""
    return {
        month.groups[each["group_code"]]["group_name"]: " ".join(
            plain_figure(each[column]) if isinstance(each[column], Decimal) else each[column]
            for column in columns
            if each[column] is not None
        )
        for each in month.tables[table]
        if each[code] == row[code] and each["group_code"] in month.groups
    }


def _curve(month: ReleaseMonth, rule: str) -> str:
    """Vertices of a rule's curve: values and points."""
    return "；".join(
        f"{plain_figure(each['vertex_value'])}→{plain_figure(each['points'])}"
        for each in month.tables["intermediate.int_rule_curves"]
        if each["rule_id"] == rule
    )


def _corrections(month: ReleaseMonth) -> Iterator[tuple[str, dict[str, str]]]:
    """What was mended before the month was published; its history has what was mended since."""
    unrevised = replace(month, tables={**month.tables, "audit.revisions": ()})
    for section in corrections(unrevised):
        yield section.title, {"列标题": "；".join(section.headings)}
        for each in section.corrections:
            lines = ("；".join(map(str, detail)) for detail in each.details)
            yield (
                each.title,
                {**dict(each.remarks), **{f"第{n}行": line for n, line in enumerate(lines, 1)}},
            )


def _annex(month: ReleaseMonth, annex: Annex) -> Iterator[tuple[str, dict[str, str]]]:
    columns = sorted(
        (
            row
            for row in month.tables["intermediate.int_annex_columns_monthly"]
            if row["annex_no"] == annex.number
        ),
        key=lambda row: row["column_no"],
    )
    names = [row["view_column_name"] for row in columns]
    yield (
        annex.title,
        {
            **({"期间": annex.period_line} if annex.period_line else {}),
            "列标题": "；".join(row["header_path"] for row in columns),
            "数字格式": "；".join(row["number_format"] for row in columns),
            **{f"备注{number}": note for number, note in enumerate(annex.notes, start=1)},
        },
    )
    units = {
        row["row_no"]: row["unit_name"]
        for row in month.tables["audit.annex_cells"]
        if row["annex_no"] == annex.number
    }
    for number, texts in enumerate(annex.texts, start=1):
        yield units[number], dict(zip(names, texts, strict=True))


def _scores(month: ReleaseMonth) -> dict[str, dict[str, str]]:
    scores = {
        row["unit_name"]: {
            TOTAL: plain_figure(row["exact_score"]),
            RANK: str(row["score_rank"]),
        }
        for row in month.tables["marts.fct_composite_scores"]
    }
    for row in month.tables["marts.fct_dimension_scores"]:
        scores[row["unit_name"]][row["dimension_name"]] = plain_figure(row["score"])
    return scores


def _digest(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> dict[str, str]:
    """A checksum of some columns of a table: a column that is added later changes nothing."""
    lines = sorted("\t".join(repr(row.get(column)) for column in columns) for row in rows)
    text = "\n".join(lines)
    return {"列": " ".join(columns), "校验和": hashlib.sha256(text.encode()).hexdigest()}


def changes(record: Record, month: ReleaseMonth | None) -> list[Change]:
    """What a new release would change of what was published; None where it lacks the month."""
    whole = (record.month, record.city_code, WHOLE, record.city_code, "全部")
    if month is None:
        return [Change(*whole, "已发布", None)] if record.content else []
    if not record.content:
        return [Change(*whole, None, "已发布")]
    old, new = record.content, content_of(month)
    for source, digest in old.get(DATA, {}).items():
        # A table of later code may have more columns; those that were published must be the same.
        columns = digest["列"].split(" ")
        new[DATA][source] = _digest(month.tables.get(source, ()), columns)
    new[DATA] = {source: each for source, each in new[DATA].items() if source in old.get(DATA, {})}
    found = list(_differences(record, old, new))
    printed = [each for each in found if each.printed_in not in UNPRINTED]
    return printed or found


def _differences(record: Record, old: Content, new: Content) -> Iterator[Change]:
    def change(place: str, subject: str, name: str, *values: str | None) -> Change:
        before, after = values
        ranks = (each.get(SCORES, {}).get(subject, {}).get(RANK) for each in (old, new))
        old_rank, new_rank = (None if rank is None else int(rank) for rank in ranks)
        key = record.month, record.city_code
        return Change(*key, place, subject, name, before, after, old_rank, new_rank)

    for place in _union(old, new):
        ours, theirs = old.get(place, {}), new.get(place, {})
        if place == TEXT:
            texts = [list(each.get("正文", {}).values()) for each in (ours, theirs)]
            for number, pair in _paragraphs(*texts):
                yield change(place, "", f"第{number}段", *pair)
            continue
        for subject in _union(ours, theirs):
            before, after = ours.get(subject, {}), theirs.get(subject, {})
            for name in _union(before, after):
                if before.get(name) != after.get(name):
                    yield change(place, subject, name, before.get(name), after.get(name))


def _union(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _paragraphs(
    before: list[str], after: list[str]
) -> Iterator[tuple[int, tuple[str | None, str | None]]]:
    """Paragraphs that differ, by their number in the published text."""
    for tag, first, last, start, end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            for place in range(max(last - first, end - start)):
                old = before[first + place] if first + place < last else None
                new = after[start + place] if start + place < end else None
                yield first + place + 1, (old, new)


def publish(
    project: Project,
    months: Iterable[ReleaseMonth],
    found: Iterable[Change],
    release: str,
    reason: str | None,
) -> None:
    """Record what a release publishes: its months that are new, and those that it corrects.

    Args:
        project: the checkout; its lock is held.
        months: these months; one that is changed and not among them is withdrawn.
        found: what the release changes of what was published.
        release: its id.
        reason: why anything changes.

    Raises:
        DamageError: an earlier record cannot be read.
    """
    found, records = list(found), read_records(project)
    there = {(month.month, month.city["city_code"]): month for month in months}
    for key in {*there, *((each.month, each.city_code) for each in found)}:
        month, record = there.get(key), records.get(key)
        changed = tuple(each for each in found if (each.month, each.city_code) == key)
        content = content_of(month) if month else {}
        if record is None and month is not None:
            path = _path(project, *key, month.is_only_city)
            _append(Record(path, *key, content, ()), "published", release)
        elif record is not None and changed:
            event: Event = "corrected" if month else "withdrawn"
            changed = _with_causes(project, month, release, changed)
            _append(replace(record, content=content), event, release, reason, changed)


def _with_causes(
    project: Project, month: ReleaseMonth | None, release: str, found: tuple[Change, ...]
) -> tuple[Change, ...]:
    """The changes of a month, those of totals with why they differ from what is published."""
    if month is None:
        return found
    with suppress(NotPublishedError, DamageError):
        published = published_database(project)
        new = project.releases / release / DATABASE
        effects = grouped(correction_effects(published, new, month.month), "city_code", "unit_name")
        totals = {TOTAL}.union(
            row["view_column_name"]
            for row in month.tables["intermediate.int_annex_columns_monthly"]
            if row["column_name"] == "composite_score"
        )
        return tuple(
            replace(each, causes="，".join(map(_effect, effects[each.city_code, each.unit_name])))
            if each.column_name in totals and (each.city_code, each.unit_name) in effects
            else each
            for each in found
        )
    return found


def _effect(row: Row) -> str:
    """What one cause made of a total: `数值（群众差评整改率 92.3% → 95%）+0.17`."""
    subject = row["indicator_name"] or row["dimension_name"]
    values = value_change(row["previous_value"], row["obs_value"], row["value_type"])
    return f"{row['cause_name']}（{f'{subject} {values}'.rstrip()}）{signed(row['effect'])}"


def roll_back(project: Project, database: Path, reason: str) -> list[str]:
    """Record that an earlier release is published again.

    Months that it holds stand as it has them; those that it lacks stay frozen as they were.

    Returns:
        Months that stand otherwise than before, for which the next refresh will ask.

    Args:
        project: the checkout; its lock is held.
        database: the earlier release's.
        reason: why.

    Raises:
        DamageError: a record cannot be read, or goes less far than a release knows.
    """
    release = database.parent.name
    months: dict[str, None] = {}
    known = [database]
    with suppress(NotPublishedError, DamageError):
        known.append(published_database(project))
    for each in known:
        stop_if_lost(project, each)
    with connect_read_only(database) as connection:
        there = set(final_months(connection))
        for key, record in read_records(project).items():
            month = read_month(connection, *key) if key in there else None
            if changed := tuple(changes(record, month)):
                content = record.content if month is None else content_of(month)
                changed = _with_causes(project, month, release, changed)
                _append(replace(record, content=content), "rolled_back", release, reason, changed)
                months[key[0]] = None
    return list(months)


def lost(project: Project, connection: duckdb.DuckDBPyConnection) -> Iterator[Damage]:
    """Records that are gone or go less far than when a release was sealed.

    Nothing would freeze these months, or their history would not have what the release knows.
    """
    records, months = read_records(project), final_months(connection)
    states = {
        (month, city): (count, history) for month, city, _, count, history in _states(connection)
    }
    for key in sorted({*months, *states}):
        record, (count, history) = records.get(key), states.get(key, (0, None))
        if record is None:
            is_only = sum(each == key[0] for each, _ in {*months, *states}) == 1
            path, problem = _path(project, *key, is_only), "不存在，而该月已发布"
        elif history and record.history_sha256(count) != history:
            path, problem = record.path, "缺少已发布时的记载，像是旧版本"
        else:
            continue
        yield Damage(str(path.relative_to(project.root)), problem, "请从版本库恢复该文件")


def stop_if_lost(project: Project, database: Path) -> None:
    """Go no further where a record is gone or goes less far than a release knows.

    Raises:
        DamageError: says which.
    """
    with connect_read_only(database) as connection:
        for damage in lost(project, connection):
            raise DamageError(damage)


def as_sealed(project: Project, connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Months and cities of which a release has what is on record now."""
    sealed = {(month, city): content for month, city, content, *_ in _states(connection)}
    records = read_records(project)
    return {key for key, each in records.items() if sealed.get(key) == each.content_sha256}


def _states(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Month, city, checksums and length of each record; none in a release of earlier code."""
    with suppress(duckdb.CatalogException):
        return connection.execute(
            "select strftime(score_month, '%Y-%m'), city_code, content_sha256, entry_count, "
            "history_sha256 from audit.release_records"
        ).fetchall()
    return []


def _path(project: Project, month: str, city_code: str, is_only_city: bool) -> Path:
    """Where a month is put on record, as where it is exported."""
    return project.root / "published" / ("" if is_only_city else city_code) / f"{month}.json"


def _append(
    record: Record,
    event: Event,
    release: str,
    reason: str | None = None,
    found: tuple[Change, ...] = (),
) -> None:
    """Write a record with one more entry, after the others even where the clock was set back."""
    at = datetime.now(UTC)
    if record.history:
        last = datetime.fromisoformat(record.history[-1].at)
        at = max(at, last + timedelta(seconds=1))
    entry = Entry(event, release, at.isoformat(timespec="seconds"), reason, found)
    write_record(replace(record, history=(*record.history, entry)))


def revisions(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Rows of `audit.revisions`: all that was ever changed of some months, oldest first."""
    rows = [
        {
            "release_id": entry.release,
            "revised_at": datetime.fromisoformat(entry.at).replace(tzinfo=None),
            "reason": entry.reason,
            "score_month": month_of(change.month),
            **{each.name: getattr(change, each.name) for each in fields(change)[1:]},
        }
        for record in records
        for entry in record.history
        for change in entry.changes
    ]
    return sorted(rows, key=itemgetter("revised_at"))


def write_history(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `audit.revisions` and `audit.release_records` of a release that is open for writing."""
    records = list(read_records(project).values())
    states = [
        (
            month_of(record.month),
            record.city_code,
            record.content_sha256,
            len(record.history),
            record.history_sha256(len(record.history)),
        )
        for record in records
    ]
    rows = [list(row.values()) for row in revisions(records)]
    for table, lines in (("revisions", rows), ("release_records", states)):
        if lines:
            marks = ", ".join("?" * len(lines[0]))
            connection.executemany(f"insert into audit.{table} values ({marks})", lines)  # noqa: S608
