"""What was published and corrected, for programs: an Atom feed (RFC 4287) and a list of changes.

Both name no address: links are relative, ids are names.
"""

import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from ywtb import html_page
from ywtb.assessment.figures import month_name, printable
from ywtb.assessment.reference import month_of
from ywtb.exports.corrections import OFFICE_TIME
from ywtb.exports.exposures import Download
from ywtb.release.queries import Row
from ywtb.release.records import Entry, Record

FEED, CHANGES = "feed.xml", "changes.json"
SCHEMA = Path(__file__).with_name("changes.schema.json")
"""Says the form of the list of changes."""

NAMESPACE = uuid.UUID("63c8bc5a-924f-4d82-820e-39d7e6604559")
"""Of the ids of the feed and its entries: another one would make all of them new to readers."""

SHOWN = 20
"""Changes that an entry of the feed tells; the page of corrections has all of them."""

Key = tuple[str, str]
"""A month, such as 2023-06, and a city."""


@dataclass(frozen=True)
class Published:
    """A published month.

    Attributes:
        city: row of `reference.cities`.
        day: on which it was made final, if that is known.
        site: folder of its site as seen from the feed; blank where there is none any more.
    """

    city: Row
    day: date | None
    site: str


def write_news(
    folder: Path,
    records: Iterable[Record],
    months: Mapping[Key, Published],
    structure: Sequence[Row],
) -> list[Download]:
    """Write the feed and the list of changes, or remove them while nothing is published.

    Args:
        folder: where to.
        records: what was published of each month and city.
        months: these months and cities.
        structure: rows of `audit.release_changes`.

    Returns:
        What was written, the feed first.
    """
    files = [
        Download(FEED, "订阅发布和更正", "Atom，供阅读器使用"),
        Download(CHANGES, "历次发布的变动", "JSON，月份、数值、数据表和列的变动"),
        Download(SCHEMA.name, "历次发布的变动的格式", "JSON Schema"),
    ]
    news = [(record, number, each) for record in records for number, each in _numbered(record)]
    if not news:
        for file in files:
            (folder / file.path).unlink(missing_ok=True)
        return []
    news.sort(key=lambda each: (each[2].at, each[0].month, each[0].city_code), reverse=True)
    listed = {
        "$schema": SCHEMA.name,
        "months": [_change(record, entry) for record, _, entry in news],
        "structure": structure,
    }
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    html_page.put(_feed(news, months), folder / FEED)
    html_page.put(f"{text}\n", folder / CHANGES)
    html_page.put(SCHEMA.read_text(encoding="utf-8"), folder / SCHEMA.name)
    return files


def _numbered(record: Record) -> Iterable[tuple[int, Entry]]:
    """Entries of a month's history; corrections with their number, which others lack."""
    number = 0
    for entry in record.history:
        number += bool(entry.changes)
        yield number if entry.changes else 0, entry


def _change(record: Record, entry: Entry) -> dict[str, Any]:
    """An event of a month's history, with every text and figure that it changed."""
    known, said = {"month": record.month, "city_code": record.city_code}, entry.as_dict()
    changes = [
        {name: value for name, value in each.items() if name not in known}
        for each in said["changes"]
    ]
    return {**known, **said, "changes": changes}


def _feed(news: Sequence[tuple[Record, int, Entry]], months: Mapping[Key, Published]) -> str:
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "zh-CN"})
    oldest = news[-1][0]
    _add(feed, "id", _id(oldest.city_code))
    _add(feed, "title", "“一网通办”月度考核：发布和更正")
    _add(feed, "link", rel="self", type="application/atom+xml", href=FEED)
    _add(feed, "link", rel="alternate", type="text/html", href="index.html")
    entries = [_entry(months[each[0].month, each[0].city_code], *each) for each in news]
    _add(feed, "updated", max(str(each.findtext("updated")) for each in entries))
    feed.extend(entries)
    ET.indent(feed, " ")
    return str(ET.tostring(feed, encoding="utf-8", xml_declaration=True), "utf-8") + "\n"


def _entry(month: Published, record: Record, number: int, entry: Entry) -> ET.Element:
    name = f"{month.city['city_name']}{month_name(month_of(record.month))}"
    at = datetime.fromisoformat(entry.at)
    if number:
        title, page = f"{name}考核更正通知第{number}号", "corrections.html"
        shown = [str(each) for each in entry.changes[:SHOWN]]
        left = len(entry.changes) - len(shown)
        more = [f"另有 {left} 处，见勘误更正"] if left else []
        text = "\n".join([f"更正原因：{entry.reason}", *shown, *more])
    else:
        title, page, text = f"{name}“一网通办”考核情况通报", "index.html", f"{name}考核结果发布。"
        if month.day:
            at = datetime.combine(month.day, time(), OFFICE_TIME)
    found = ET.Element("entry")
    _add(found, "id", _id(f"{record.city_code}/{record.month}/{entry.at}"))
    _add(found, "title", title)
    _add(found, "updated", at.astimezone(OFFICE_TIME).isoformat(timespec="seconds"))
    _add(ET.SubElement(found, "author"), "name", month.city["office_name"])
    href = f"{month.site}/{page}" if month.site else "index.html"
    _add(found, "link", rel="alternate", type="text/html", href=href)
    _add(found, "summary", text)
    return found


def _id(name: str) -> str:
    return uuid.uuid5(NAMESPACE, name).urn


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text and printable(text)
