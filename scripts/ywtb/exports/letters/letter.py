"""Letters to units as Word documents, in the format that official letters have (GB/T 9704-2012).

What they say is in templates beside that of the bulletin.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, time
from pathlib import Path

from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION

from ywtb.assessment.figures import points
from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.frame import frame
from ywtb.exports.bulletin.letterhead import add_signature, add_title, new_letter
from ywtb.exports.bulletin.narrative import change_of, chinese_date, earlier_month, one_line
from ywtb.exports.bulletin.templated_text import TemplatedText, add_text, templated_text
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.standings import OTHER_CAUSES, ScoredUnit, rankings
from ywtb.release.queries import Row

Facts = Mapping[str, object]
"""What a template may use of a unit."""


def write_letters(
    month: ReleaseMonth,
    name: str,
    template: str,
    letters: Sequence[tuple[str, Facts]],
    folder: Path,
    bound: str,
) -> None:
    """Write letters, and all of them as one document; the same month gives the same bytes.

    Args:
        month: that they are about.
        name: what such a letter is called.
        template: what they say.
        letters: the path of each within `folder`, and the facts.
        folder: where they go; folders of their paths are there.
        bound: path of all of them as one within `folder`.
    """
    around = frame(month)
    office, made = around.office, datetime.combine(around.day, time())
    one, book = new_letter(office), new_letter(office)
    for document in (one, book):
        if month.mark:
            layout.mark_pages(document, month.mark)
    for number, (path, facts) in enumerate(letters, start=1):
        text = templated_text(template, {**facts, "document": name, "number": number})
        one.element.body.clear_content()
        _write(one, text, office, "" if month.mark else around.issued)
        layout.save(one, folder / path, text.title, office, made)
        if number > 1:
            layout.add_section(book, WD_SECTION.NEW_PAGE)
        end = book.element.body.sectPr
        for each in deepcopy(one.element.body.getchildren()[:-1]):
            end.addprevious(each)
    layout.save(book, folder / bound, name, office, made)


def _write(document: WordDocument, text: TemplatedText, office: str, day: str) -> None:
    for number in text.texts("number"):
        layout.add(document, layout.LETTER_NUMBER, number)
    title = add_title(document, text.texts("title"))
    title.paragraph_format.space_before = 2 * layout.LINE
    add_text(document, text)
    add_signature(document, office, day)


def facts_of_units(month: ReleaseMonth, gained: Mapping[str, Sequence[Row]]) -> dict[str, Facts]:
    """What templates may use, by unit.

    Args:
        month: that letters are about.
        gained: by unit what indicators would gain it, as `ywtb.release.improve.gains` has it.
    """
    effects = grouped(month.tables["marts.fct_score_change_effects"], "unit_id")
    rules = {row["unit_id"]: row for row in month.tables["marts.fct_scores_by_previous_rules"]}
    until = month.state["objections_until"]
    of_all = {
        "year": month.first_day.year,
        "month": month.first_day.month,
        "period": month.period.replace("—", "至"),
        "is_draft": month.stage == "draft",
        "office": month.city["office_name"],
        "contact": one_line(month.city.get("office_contact")),
        "until": until and chinese_date(until.isoformat()),
    }
    found: dict[str, Facts] = {}
    for ranking in rankings(month):
        ranks = [each.total["score_rank"] for each in ranking.units]
        for unit in ranking.units:
            unit_id = unit.total["unit_id"]
            found[unit_id] = {
                **of_all,
                "unit": one_line(unit.name),
                "group": ranking.title,
                "unit_count": len(ranks),
                "score": unit.total["composite_score"],
                "rank": unit.total["score_rank"],
                "is_tied": ranks.count(unit.total["score_rank"]) > 1,
                "change": _change(month, unit, rules.get(unit_id), effects.get(unit_id, [])),
                "lost": points(unit.lost),
                "losses": [_loss(month, each.row, each.text) for each in unit.entries],
                "gains": [_gain(month, row) for row in gained.get(unit_id, [])],
            }
    return found


def reasons_for(month: ReleaseMonth, document_code: str) -> dict[str, list[str]]:
    """Why rules for streaks ask for a document, by unit; units that are exempt are left out."""
    asked = (
        row
        for row in month.tables["marts.fct_streak_measures"]
        if row["document_code"] == document_code and not row["is_exempt"]
    )
    return {
        unit_id: [one_line(row["reason"]) for row in rows]
        for unit_id, rows in grouped(asked, "unit_id").items()
    }


def _change(
    month: ReleaseMonth, unit: ScoredUnit, compared: Row | None, effects: Iterable[Row]
) -> Facts | None:
    """A unit against the month before; None in its first month."""
    row = unit.change
    if compared is None:
        return None
    return {
        "previous": earlier_month(month, row["previous_month"]),
        "has_risen": row["score_change"] > 0,
        "most": change_of(row, effects) if row["score_change"] else None,
        "previous_rank": row["previous_rank"],
        "is_comparable": compared["is_comparable"],
        "rank_by_previous_rules": compared["rank_by_previous_rules"],
    }


def _loss(month: ReleaseMonth, row: Row, value: str) -> Facts:
    """A line of the ledger, and the value as shown."""
    other = OTHER_CAUSES.get(row["entry_type"], "")
    return {
        "points": points(row["points_lost"]),
        "subject": row["indicator_name"] or f"{row['dimension_name']}{other}",
        "value": value,
        "rule": row["reason"],
        "origin": month.origin(row),
    }


def _gain(month: ReleaseMonth, row: Row) -> Facts:
    return {
        "subject": month.indicators[row["indicator_code"]]["indicator_name"],
        "points": points(row["score_change"]),
        "places": row["places_gained"],
    }
