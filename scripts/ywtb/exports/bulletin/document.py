"""The bulletin as a Word document, `通报.docx`, in the format of official documents."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from operator import itemgetter
from pathlib import Path

from docx.document import Document as WordDocument
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Length, Pt

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.annex_table import add_table
from ywtb.exports.bulletin.charts import UnitGaps, png, totals_and_gaps
from ywtb.exports.bulletin.narrative import chinese_date, city_metrics, narrative
from ywtb.exports.release_month import Annex, ReleaseMonth, grouped
from ywtb.exports.text_layout import fold, width_in_ems

KIND = "情况通报"
LANDSCAPE_WIDTH = layout.TEXT_HEIGHT


def write_document(month: ReleaseMonth, path: Path) -> None:
    """Write a month's bulletin; the same month gives the same bytes."""
    city = month.city
    office = city["office_name"]
    metrics = city_metrics(month)
    issue = metrics["bulletin_issue"].value if "bulletin_issue" in metrics else ""
    issued = metrics["bulletin_date"].value if "bulletin_date" in metrics else ""
    day = _day(issued) or month.first_day

    document = layout.new_document()
    _masthead(document, city["masthead_name"], issue and f"{day.year}年第{issue}")
    _issuer(document, office, chinese_date(issued))
    title = _text(document, month)
    _attachments(document, month)
    _signature(document, office, chinese_date(issued))
    _figures(document, month)
    layout.add_landscape(document)
    for annex in month.annexes:
        _annex(document, annex, annex is month.annexes[0])
    _imprint(document, office, chinese_date(issued))
    layout.save(document, path, title, office, datetime.combine(day, time()))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _masthead(document: WordDocument, name: str, issue: str) -> None:
    layout.add(document, layout.MASTHEAD, name)
    kind = layout.add(document, layout.MASTHEAD_KIND)
    # Spread by character spacing, which keeps the word whole; none follows the last character.
    layout.spread(layout.write(kind, layout.MASTHEAD_KIND, KIND[:-1]), 24)
    layout.write(kind, layout.MASTHEAD_KIND, KIND[-1])
    layout.add(document, layout.ISSUE, issue)


def _issuer(document: WordDocument, office: str, day: str) -> None:
    """Office on the left and date on the right above the red line, condensed to fit it."""
    paragraph = layout.add(document, layout.ISSUER)
    width = layout.TEXT_WIDTH
    paragraph.paragraph_format.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)
    ems = width_in_ems(office + day) + 4
    run = layout.write(paragraph, layout.ISSUER, f"{office}\t{day}")
    layout.condense(run, min(100, int(100 * width.pt / (ems * layout.ISSUER.size))))
    layout.rule(paragraph, "bottom", 2, str(layout.RED))


def _text(document: WordDocument, month: ReleaseMonth) -> str:
    """Title and sections; returns the title on one line."""
    paragraphs = narrative(month)
    most = layout.TEXT_WIDTH.pt / layout.TITLE.size
    lines = [each.text for each in paragraphs if each.level == "title"]
    title = layout.add(document, layout.TITLE)
    layout.write(
        title, layout.TITLE, "\n".join(part for line in lines for part in fold(line, most))
    )
    title.paragraph_format.space_before = layout.LINE
    title.paragraph_format.space_after = layout.LINE
    styles = {
        "heading_1": layout.HEADING_1, "heading_2": layout.HEADING_2, "body": layout.BODY,
    }  # fmt: skip
    for each in paragraphs:
        if each.level != "title":
            layout.add(document, styles[each.level], each.text)
    return "".join(lines)


def _attachments(document: WordDocument, month: ReleaseMonth) -> None:
    """The list of annexes: numbers below each other, long titles hanging, no mark at the end."""
    size = layout.ATTACHMENTS.size
    for annex in month.annexes:
        lead = "附件：" if annex is month.annexes[0] else ""
        paragraph = layout.add(document, layout.ATTACHMENTS)
        layout.write(
            paragraph,
            layout.ATTACHMENTS,
            f"{lead}{annex.number}.\t{annex.title}{annex.period_line}",
        )
        # Two characters in, then three for 附件：, then the number.
        layout.indent(paragraph, 7, -5 if lead else -2, size)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Pt(7 * size))
        paragraph.paragraph_format.keep_together = True
        # The signature must not stand on a page without text.
        paragraph.paragraph_format.keep_with_next = annex in month.annexes[-2:]
        if lead:
            paragraph.paragraph_format.space_before = layout.LINE


def _signature(document: WordDocument, office: str, day: str) -> None:
    """Office and date on the right, the date two characters further in."""
    size = layout.SIGNATURE.size
    room = layout.TEXT_WIDTH.pt / size - width_in_ems(office)
    right = max(0.0, min(2.0, room))
    for text, inset in ((office, right), (day, right + 2)):
        if text:
            paragraph = layout.add(document, layout.SIGNATURE, text)
            paragraph.paragraph_format.right_indent = Pt(inset * size)
            if text == office:
                paragraph.paragraph_format.space_before = Pt(2 * layout.LINE.pt)
                paragraph.paragraph_format.keep_with_next = True


def _figures(document: WordDocument, month: ReleaseMonth) -> None:
    """A page of charts: per group the totals and where each unit is behind the best."""
    mark = layout.add(document, layout.ANNEX_MARK, "附图")
    mark.paragraph_format.page_break_before = True
    layout.add(document, layout.ANNEX_TITLE, "各单位综合得分及与本组各项最高得分的差距")
    note = "注：左为综合得分；右为各考核项目得分低于本组该项最高得分之数，各段相加为差距合计。"
    layout.add(document, layout.NOTE, note)
    parts = [dimension["dimension_name"] for dimension in month.dimensions.values()]
    for number, (group, units) in enumerate(_gaps(month), start=1):
        caption = f"图{number}　{group}（{len(units)}个单位）"
        layout.add(document, layout.CAPTION, caption)
        picture = layout.add(document, layout.FIGURE)
        run = layout.write(picture, layout.FIGURE, "")
        drawn = run.add_picture(
            io.BytesIO(png(totals_and_gaps(units, parts))), width=layout.TEXT_WIDTH
        )
        described = "；".join(f"{unit.unit}{unit.total:f}分" for unit in units)
        layout.describe(drawn, number, caption, f"综合得分由高到低：{described}")


def _gaps(month: ReleaseMonth) -> Iterator[tuple[str, list[UnitGaps]]]:
    """Each group with its units in printed order."""
    members = grouped(month.tables["marts.fct_composite_scores"], "group_code")
    scores: dict[str, dict[str, Decimal]] = {}
    best: dict[tuple[str, str], Decimal] = {}
    for row in month.tables["marts.fct_dimension_scores"]:
        name = month.dimensions[row["dimension_code"]]["dimension_name"]
        scores.setdefault(row["unit_id"], {})[name] = row["score"]
        part = (row["group_code"], name)
        best[part] = max(row["score"], best.get(part, row["score"]))
    for code, group in month.groups.items():
        if code in members:
            yield (
                group["group_name"],
                [
                    UnitGaps(
                        row["unit_name"],
                        row["composite_score"],
                        {
                            name: best[code, name] - score
                            for name, score in scores[row["unit_id"]].items()
                        },
                    )
                    for row in sorted(members[code], key=itemgetter("sequence_no"))
                ],
            )


def _annex(document: WordDocument, annex: Annex, is_first: bool) -> None:
    mark = layout.add(document, layout.ANNEX_MARK, f"附件{annex.number}")
    mark.paragraph_format.page_break_before = not is_first
    title = layout.add(document, layout.ANNEX_TITLE, annex.title)
    if annex.period_line:
        layout.add(document, layout.PERIOD_LINE, annex.period_line)
    else:
        title.paragraph_format.space_after = Pt(6)
    add_table(document, annex, LANDSCAPE_WIDTH)
    if annex.notes:
        lead = layout.add(document, layout.NOTE, "备注：")
        lead.paragraph_format.space_before = Pt(4)
        lead.paragraph_format.keep_with_next = True
    for number, note in enumerate(annex.notes, start=1):
        paragraph = layout.add(document, layout.NOTE, f"{number}.\t{note}")
        layout.indent(paragraph, 1.5, -1.5, layout.NOTE.size)
        paragraph.paragraph_format.keep_together = True


def _imprint(document: WordDocument, office: str, day: str) -> None:
    """Who printed it and when, between two lines at the foot of the last page."""
    paragraph = layout.add(document, layout.IMPRINT)
    layout.write(paragraph, layout.IMPRINT, office + (f"\t{day}印发" if day else ""))
    size = layout.IMPRINT.size
    layout.indent(paragraph, 1, 0, size)
    paragraph.paragraph_format.right_indent = Pt(size)
    paragraph.paragraph_format.tab_stops.add_tab_stop(
        Length(LANDSCAPE_WIDTH - Pt(size)), WD_TAB_ALIGNMENT.RIGHT
    )
    layout.rule(paragraph, "top", 1, "000000")
    layout.rule(paragraph, "bottom", 1, "000000")
    layout.at_foot(paragraph, LANDSCAPE_WIDTH)
