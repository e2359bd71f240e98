"""A correction notice as a Word document, and the mark of a bulletin that was corrected.

What they say is in the templates `更正通知.md.j2` and `更正标注.md.j2`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.frame import frame
from ywtb.exports.bulletin.letterhead import (
    add_imprint,
    add_issuer,
    add_masthead,
    add_signature,
    add_title,
)
from ywtb.exports.bulletin.narrative import chinese_date, one_line, template
from ywtb.exports.bulletin.templated_text import add_text, templated_text
from ywtb.exports.corrections import Notice, notices
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.records import DATA, FRAME, TEXT, WHOLE

NOTICE, MARK = "更正通知.md.j2", "更正标注.md.j2"

UNSEEN_NAMES = ("数字格式",)
"""What a record keeps that people do not read, beside the checksums of data."""

CLAUSE_ENDS = "；。"
LONG = 40
"""Characters from which on texts are cut down to the clauses that differ."""


@dataclass(frozen=True)
class SeenChange:
    """A change that people see, in their words; blank names and None for what is not there."""

    place: str
    subject: str
    name: str
    old: str | None
    new: str | None
    old_rank: int | None
    new_rank: int | None


def mark(month: ReleaseMonth) -> str:
    """What a bulletin says of the last notice that changed it; nothing if none did."""
    found = [
        notice
        for notice in notices(month)
        if any(_is_in_bulletin(row["printed_in"]) for row in notice.rows)
    ]
    if not found:
        return ""
    day = chinese_date(found[-1].day.isoformat())
    return template(MARK).render(number=found[-1].number, day=day).strip()


def _is_in_bulletin(place: str) -> bool:
    return place in (FRAME, TEXT, WHOLE) or place.startswith("附件")


def write_notice(month: ReleaseMonth, notice: Notice, path: Path) -> None:
    """Write a notice; the same notice gives the same bytes."""
    office, day = month.city["office_name"], chinese_date(notice.day.isoformat())
    text = templated_text(NOTICE, _context(month, notice, day))
    document = layout.new_document()
    kind = "".join(text.texts("kind"))
    add_masthead(document, month.city["masthead_name"], kind, text.texts("number"))
    add_issuer(document, office, day)
    add_title(document, text.texts("title"))
    add_text(document, text)
    add_signature(document, office, day)
    for each in text.texts("imprint"):
        add_imprint(document, each, layout.TEXT_WIDTH)
    layout.save(document, path, text.title, office, datetime.combine(notice.day, time()))


def _context(month: ReleaseMonth, notice: Notice, day: str) -> dict[str, object]:
    """What the template may use."""
    around = frame(month)
    whole = [row["new_value"] for row in notice.rows if row["printed_in"] == WHOLE]
    return {
        "year": month.first_day.year,
        "month": month.first_day.month,
        "number": notice.number,
        "day": day,
        "office_name": month.city["office_name"],
        "issue": around.issue,
        "issued": around.issued,
        "reason": one_line(notice.reason).rstrip("。"),
        "whole": "" if not whole else "撤回" if whole[0] is None else "重发",
        "changes": list(_changes(month, notice)),
        "causes": {one_line(unit): one_line(each) for unit, each in notice.causes.items()},
    }


def _changes(month: ReleaseMonth, notice: Notice) -> Iterator[SeenChange]:
    """What people see, in words of print and site: figures, then the text that follows them."""
    indicators = {code: row["indicator_name"] for code, row in month.indicators.items()}
    uses = grouped(month.uses, "rule_id")
    names: Mapping[str, Mapping[str, str]] = {
        "规则": {
            rule: "、".join(dict.fromkeys(indicators[row["indicator_code"]] for row in rows))
            for rule, rows in uses.items()
        },
        "指标": indicators,
        "数据文件": {code: row["feed_name"] for code, row in month.feeds.items()},
    }
    for row in sorted(notice.rows, key=lambda row: row["printed_in"] in (FRAME, TEXT)):
        place, subject = row["printed_in"], row["unit_name"]
        if place != DATA and row["column_name"] not in UNSEEN_NAMES:
            old, new = _excerpts(row["old_value"], row["new_value"])
            yield SeenChange(
                place=place,
                subject=names.get(place, {}).get(subject, subject),
                name=row["column_name"],
                old=old,
                new=new,
                old_rank=row["old_rank"],
                new_rank=row["new_rank"],
            )


def _excerpts(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Long texts cut down to the clauses that differ, which end with `；` or `。`."""
    if old is None or new is None or max(len(old), len(new)) <= LONG:
        return old, new
    alike = _alike(old, new)
    tail = _alike(old[alike:][::-1], new[alike:][::-1])
    start = max(old.rfind(stop, 0, alike) for stop in CLAUSE_ENDS) + 1
    ends = [place for place, letter in enumerate(old[len(old) - tail :]) if letter in CLAUSE_ENDS]
    left = tail - ends[0] - 1 if ends else 0

    def cut(text: str) -> str:
        middle = text[start : len(text) - left]
        return f"{'…' if start else ''}{middle}{'…' if left else ''}"

    return cut(old), cut(new)


def _alike(one: str, other: str) -> int:
    """With how many characters two texts begin alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
