"""What dbt's docs say of the exports is so: what each reads, and the files that it offers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path

from conftest import ROOT, Sandbox
from export_months import REVISION, read_june
from ywtb.exports import release_month
from ywtb.exports.exposures import exposures
from ywtb.exports.formats import Job, formats
from ywtb.exports.release_month import ReleaseMonth
from ywtb.project import Project
from ywtb.release.queries import Row, open_release

ALIAS = re.compile(r"alias='(\w+)'")


class Tables(Mapping[str, Sequence[Row]]):
    """Tables of a month that remember which of them were read."""

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        self.tables = tables
        self.read = set[str]()

    def __getitem__(self, source: str) -> Sequence[Row]:
        self.read.add(source)
        return self.tables[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


class Month(ReleaseMonth):
    """A month whose annexes and totals count as a reading of the tables that they come from."""

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if name == "annexes":
            list(release_month._annexes(self.tables, self.first_day))
        if name == "totals":
            self.tables[release_month.TOTALS]
        return found


def relation(model: str) -> str:
    """Name of the table of a model or seed."""
    for path in (ROOT / "models").rglob(f"{model}.sql"):
        if alias := ALIAS.search(path.read_text(encoding="utf-8")):
            return alias[1]
    return model


def test_every_export_reads_what_its_exposure_names(june: Sandbox, tmp_path: Path) -> None:
    project = Project(june.root)
    known, month = exposures(project), read_june(june)
    tables = {**month.tables, "audit.revisions": [REVISION]}
    with open_release(project) as connection:
        for each, (name, exposure) in zip(formats(), known.items(), strict=True):
            recorded = Tables(tables)
            seen = Month(month.month, month.release, recorded, month.totals, month.annexes)
            each.write(Job(repeat(seen).__next__, connection, tmp_path, {}, known))
            read = {source.partition(".")[2] for source in recorded.read}
            assert read == {relation(model) for model in exposure.models}, name


def test_every_file_of_a_month_is_of_an_exposure(june: Sandbox) -> None:
    folder = june.root / "exports" / "2023-06"
    offered = {
        re.sub(r"\\\{\w+\\\}", ".+", re.escape(file.path))
        for each in exposures(Project(june.root)).values()
        for file in each.files
    }
    assert (folder / "site" / "index.html").exists()
    tops = {path.name for path in folder.iterdir() if path.is_file()} - {"manifest.json"}
    for name in tops:
        assert any(re.fullmatch(each, name) for each in offered), name
