"""Letters to units as Word documents, in the format that official letters have (GB/T 9704-2012).

What they say is in the template `告知单.md.j2`.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, time
from pathlib import Path

from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION

from ywtb.assessment.figures import points
from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.frame import Frame, frame
from ywtb.exports.bulletin.letterhead import add_signature, add_title, new_letter
from ywtb.exports.bulletin.narrative import change_of, chinese_date, earlier_month, one_line
from ywtb.exports.bulletin.templated_text import TemplatedText, add_text, templated_text
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site.heat import OTHER_CAUSES
from ywtb.exports.site.views import Ranking, ScoredUnit, rankings
from ywtb.release.queries import Row

LETTER = "告知单.md.j2"

Gained = Mapping[str, Sequence[Row]]
"""What indicators would gain units, the most first, by unit."""


def write_letters(
    month: ReleaseMonth,
    name: str,
    letters: Sequence[tuple[Row, str]],
    gained: Gained,
    folder: Path,
    bound: Path,
) -> None:
    """Write a letter to each unit and all of them as one; the same month gives the same bytes.

    Args:
        month: whose scores they tell.
        name: what a letter is called.
        letters: units with the path of each one's letter within `folder`.
        gained: as `ywtb.release.improve.gains` has it, by unit.
        folder: where they go; folders of their paths are there.
        bound: where all of them go as one document.
    """
    around, texts = frame(month), dict(_texts(month, name, gained))
    office, day = around.office, datetime.combine(around.day, time())
    one, book = new_letter(office), new_letter(office)
    for document in (one, book):
        if month.mark:
            layout.mark_pages(document, month.mark)
    for unit, path in letters:
        text = texts[unit["unit_id"]]
        one.element.body.clear_content()
        _write(one, text, around)
        layout.save(one, folder / path, text.title, office, day)
        if unit is not letters[0][0]:
            layout.add_section(book, WD_SECTION.NEW_PAGE)
        end = book.element.body.sectPr
        for each in deepcopy(one.element.body.getchildren()[:-1]):
            end.addprevious(each)
    layout.save(book, bound, name, office, day)


def _write(document: WordDocument, text: TemplatedText, around: Frame) -> None:
    for number in text.texts("number"):
        layout.add(document, layout.LETTER_NUMBER, number)
    title = add_title(document, text.texts("title"))
    title.paragraph_format.space_before = 2 * layout.LINE
    add_text(document, text)
    add_signature(document, around.office, around.issued)


def _texts(month: ReleaseMonth, name: str, gained: Gained) -> Iterator[tuple[str, TemplatedText]]:
    """What the letters say, by unit."""
    numbers = {unit_id: number for number, unit_id in enumerate(month.units, start=1)}
    effects = grouped(month.tables["marts.fct_score_change_effects"], "unit_id")
    rules = grouped(month.tables["marts.fct_scores_by_previous_rules"], "unit_id")
    until = month.state["objections_until"]
    around = {
        "year": month.first_day.year,
        "month": month.first_day.month,
        "period": month.period.replace("—", "至"),
        "document": name,
        "is_draft": month.stage == "draft",
        "office": month.city["office_name"],
        "contact": one_line(month.city.get("office_contact")),
        "until": until and chinese_date(until.isoformat()),
    }
    for ranking in rankings(month):
        for unit in ranking.units:
            unit_id = unit.total["unit_id"]
            compared = [
                _change(month, unit, row, effects.get(unit_id, []))
                for row in rules.get(unit_id, [])
            ]
            own = _context(month, ranking, unit, gained.get(unit_id, ()))
            change = {"number": numbers[unit_id], "change": [*compared, None][0]}
            yield unit_id, templated_text(LETTER, {**around, **own, **change})


def _context(
    month: ReleaseMonth, ranking: Ranking, unit: ScoredUnit, gained: Sequence[Row]
) -> dict[str, object]:
    """What the template may use of a unit."""
    ranks = [each.total["score_rank"] for each in ranking.units]
    return {
        "unit": one_line(unit.name),
        "group": ranking.title,
        "unit_count": len(ranks),
        "score": unit.total["composite_score"],
        "rank": unit.total["score_rank"],
        "is_tied": ranks.count(unit.total["score_rank"]) > 1,
        "lost": points(unit.lost),
        "losses": [
            {
                "points": points(each.row["points_lost"]),
                "subject": each.row["indicator_name"]
                or f"{each.row['dimension_name']}{OTHER_CAUSES[each.row['entry_type']]}",
                "value": each.text,
                "rule": each.row["reason"],
                "origin": month.origin(each.row),
            }
            for each in unit.entries
        ],
        "gains": [
            {
                "subject": month.indicators[row["indicator_code"]]["indicator_name"],
                "points": points(row["score_change"]),
                "places": row["places_gained"],
            }
            for row in gained
        ],
    }


def _change(
    month: ReleaseMonth, unit: ScoredUnit, compared: Row, effects: Sequence[Row]
) -> dict[str, object]:
    """A unit against the month before.

    Args:
        month: in which it is scored.
        unit: the unit.
        compared: its row of `marts.fct_scores_by_previous_rules`.
        effects: its rows of `marts.fct_score_change_effects`.
    """
    row = unit.change
    return {
        "previous": earlier_month(month, row["previous_month"]),
        "has_risen": row["score_change"] > 0,
        "most": change_of(row, effects) if row["score_change"] else None,
        "previous_rank": row["previous_rank"],
        "is_comparable": compared["is_comparable"],
        "rank_by_previous_rules": compared["rank_by_previous_rules"],
    }
