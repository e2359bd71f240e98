"""What programs are told of publications: a feed that readers take, and a list of all changes."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import lxml.etree
import lxml.html
import pytest

from conftest import Sandbox, copy_of
from export_months import CITY, HOSTILE
from ywtb.assessment.figures import printable
from ywtb.assessment.months import planned_days
from ywtb.exports.month_folder import export_months
from ywtb.exports.news import SCHEMA, SHOWN, Published, write_news
from ywtb.pipeline.release_changes import write_release_changes
from ywtb.project import Project, SettingsError
from ywtb.release.records import Change, Entry, Record

ATOM = {"atom": "http://www.w3.org/2005/Atom"}
RELEASES = [f"20230{month}01T093000123456Z" for month in (8, 9)]
STRUCTURE = [
    {
        "release_id": RELEASES[1],
        "change": "added",
        "table_name": "marts.new",
        "column_name": None,
        "old_type": None,
        "new_type": None,
    }
]


def record(name: str) -> Record:
    """A month that was published and corrected twice, of a unit of a name."""
    changed = Change("2023-06", CITY, "附件3", name, "综合得分", "90.36", None, 5, 4, "数值 −0.05")
    history = (
        Entry("published", RELEASES[0], "2023-08-01T09:30:00+00:00"),
        Entry("corrected", RELEASES[1], "2023-09-01T20:00:00+00:00", name, (changed,)),
        Entry("withdrawn", RELEASES[1], "2023-09-02T09:00:00+00:00", name, (changed,) * 99),
    )
    return Record(Path("2023-06.json"), "2023-06", CITY, {}, history)


def write(folder: Path, name: str) -> Any:
    """Feed and list of changes of that month, parsed."""
    city = {"city_name": name, "office_name": name}
    month = Published(city, date(2023, 7, 29), "2023-06/site")
    files = write_news(folder, [record(name)], {("2023-06", CITY): month}, STRUCTURE)
    assert [each.path for each in files] == ["feed.xml", "changes.json", "changes.schema.json"]
    feed = lxml.etree.fromstring((folder / "feed.xml").read_bytes())
    return feed, json.loads((folder / "changes.json").read_bytes())


def test_a_feed_tells_publications_and_corrections(tmp_path: Path) -> None:
    feed, _ = write(tmp_path, "渠县")

    def texts(path: str) -> list[str]:
        return [str(each) for each in feed.xpath(path, namespaces=ATOM)]

    assert texts("atom:entry/atom:title/text()") == [
        "渠县2023年6月考核更正通知第2号",
        "渠县2023年6月考核更正通知第1号",
        "渠县2023年6月“一网通办”考核情况通报",
    ]
    assert texts("atom:entry/atom:updated/text()") == [
        "2023-09-02T17:00:00+08:00",
        "2023-09-02T04:00:00+08:00",
        "2023-07-29T00:00:00+08:00",
    ]
    assert texts("atom:updated/text()") == ["2023-09-02T17:00:00+08:00"]
    last, first, _ = texts("atom:entry/atom:summary/text()")
    assert first.splitlines() == [
        "更正原因：渠县",
        "2023-06 附件3 渠县 综合得分：90.36 → 无（名次 5 → 4），其中数值 −0.05",
    ]
    assert last.count("90.36") == SHOWN
    assert last.endswith("另有 79 处，见勘误更正")
    assert texts("atom:entry/atom:link/@href") == [
        "2023-06/site/corrections.html",
        "2023-06/site/corrections.html",
        "2023-06/site/index.html",
    ]


def test_a_feed_has_what_the_standard_asks_for(tmp_path: Path) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: one id, title and date each, and an author of every entry."""
    feed, _ = write(tmp_path, "渠县")
    entries = feed.findall("atom:entry", ATOM)
    for each in (feed, *entries):
        for tag in ("id", "title", "updated"):
            assert len(each.findall(f"atom:{tag}", ATOM)) == 1
        assert datetime.fromisoformat(each.findtext("atom:updated", None, ATOM)).tzinfo
    for each in entries:
        assert each.findtext("atom:author/atom:name", None, ATOM)
        assert each.find("atom:link[@rel='alternate']", ATOM) is not None
    ids = [str(each) for each in feed.xpath("//atom:id/text()", namespaces=ATOM)]
    assert len(set(ids)) == 4
    assert all(each.startswith("urn:uuid:") for each in ids)
    assert not any(":" in each for each in feed.xpath("//@href"))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text(tmp_path: Path, name: str) -> None:
    feed, changes = write(tmp_path, name)
    authors = feed.xpath("//atom:author/atom:name/text()", namespaces=ATOM)
    assert authors == [printable(name)] * 3
    known = {"feed", "entry", "id", "title", "link", "updated", "author", "name", "summary"}
    assert {lxml.etree.QName(each).localname for each in feed.iter()} == known
    assert changes["months"][0]["changes"][0]["unit_name"] == name


def test_changes_are_as_their_schema_says(tmp_path: Path) -> None:
    _, changes = write(tmp_path, "渠县")
    jsonschema.validate(changes, json.loads(SCHEMA.read_bytes()))
    assert [(each["event"], len(each["changes"])) for each in changes["months"]] == [
        ("withdrawn", 99), ("corrected", 1), ("published", 0),
    ]  # fmt: skip
    assert changes["months"][1]["changes"] == [
        {
            "printed_in": "附件3",
            "unit_name": "渠县",
            "column_name": "综合得分",
            "old_value": "90.36",
            "new_value": None,
            "old_rank": 5,
            "new_rank": 4,
            "causes": "数值 −0.05",
        }
    ]
    assert changes["structure"] == STRUCTURE


def test_where_nothing_is_published_nothing_is_told(tmp_path: Path) -> None:
    write(tmp_path, "渠县")
    assert write_news(tmp_path, [], {}, []) == []
    assert list(tmp_path.iterdir()) == []


def test_the_page_of_all_months_leads_to_news_and_tells_plans(
    june: Sandbox, tmp_path: Path
) -> None:
    sandbox = copy_of(june, tmp_path / "copy")
    sandbox.append(
        "reference/publication_calendar", "2023-06-01,2023-07-28", "2023-07-01,2023-08-28"
    )
    exports = sandbox.root / "exports"
    before = (exports / "feed.xml").read_bytes(), (exports / "changes.json").read_bytes()
    assert export_months(Project(sandbox.root), []) == []
    assert before == ((exports / "feed.xml").read_bytes(), (exports / "changes.json").read_bytes())
    page = lxml.html.document_fromstring((exports / "index.html").read_bytes())
    (feed,) = page.xpath("//link[@rel='alternate' and @type='application/atom+xml']/@href")
    assert feed == "feed.xml"
    for link in page.xpath("//@href"):
        assert (exports / link).is_file()
    assert "2023年7月 计划于 2023-08-28 发布" in page.text_content()
    assert "2023-07-28" not in page.text_content()
    sites = exports / "2023-06" / "site"
    downloads = lxml.html.document_fromstring((sites / "downloads.html").read_bytes())
    (link,) = downloads.xpath("//a[@type='application/atom+xml']/@href")
    assert (sites / link).resolve() == exports / "feed.xml"
    sandbox.append("reference/publication_calendar", "2023-08-01,下月底")
    with pytest.raises(SettingsError, match="下月底"):
        planned_days(Project(sandbox.root))


def test_a_release_tells_what_it_changed_of_tables(tmp_path: Path) -> None:
    told = "create schema audit; create table audit.release_changes (release_id text, change text, "
    told += "table_name text, column_name text, old_type text, new_type text); create schema marts;"
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    with duckdb.connect(str(old)) as connection:
        connection.execute(told)
        connection.execute("create table marts.kept (a int, b int, c int)")
        connection.execute("create table marts.gone (a int)")
        connection.execute(
            "insert into audit.release_changes values ('1', 'added', 't', 'c', null, 'x')"
        )
    with duckdb.connect(str(new)) as connection:
        connection.execute(told)
        connection.execute("create table marts.kept (b bigint, c int, d int)")
        connection.execute("create table marts.new (a int, b int)")
        write_release_changes(connection, old, "2")
        assert connection.execute("from audit.release_changes").fetchall() == [
            ("1", "added", "t", "c", None, "x"),
            ("2", "removed", "marts.gone", None, None, None),
            ("2", "removed", "marts.kept", "a", "INTEGER", None),
            ("2", "changed", "marts.kept", "b", "INTEGER", "BIGINT"),
            ("2", "added", "marts.kept", "d", None, "INTEGER"),
            ("2", "added", "marts.new", None, None, None),
        ]
