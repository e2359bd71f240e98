"""A unit's workbook gives its published score when a spreadsheet computes it."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from conftest import Sandbox
from export_months import CITY, HOSTILE, hostile, read_june
from ywtb.exports.recalculation.workbook import write_workbook
from ywtb.exports.release_month import ReleaseMonth, read_month, unit_documents
from ywtb.project import Project
from ywtb.release.queries import Row, open_release

Computed = dict[str, dict[str, tuple[Decimal, str]]]

SHEET = "xl/worksheets/sheet1.xml"
ALWAYS = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items '
    'xmlns:oor="http://openoffice.org/2001/registry"><item '
    'oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" '
    'oor:op="fuse"><value>0</value></prop></item></oor:items>'
)
"""LibreOffice computes what it opens."""


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    return read_june(june)


def written(month: ReleaseMonth, folder: Path) -> dict[str, Path]:
    """Workbooks by id of the unit, without what their formulas gave in the release."""
    found = {}
    for unit, _ in unit_documents(month, "recalculation", ".xlsx"):
        path = folder / f"{unit['unit_id']}.xlsx"
        write_workbook(month, unit, path)
        edit(path, lambda sheet: re.sub(r"</f><v>[^<]*</v>", "</f><v>0</v>", sheet))
        found[unit["unit_id"]] = path
    return found


def edit(path: Path, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members[SHEET] = change(members[SHEET].decode()).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def computed(paths: Sequence[Path], folder: Path) -> Computed:
    """What LibreOffice computes: by name of the file scores and whether they are as published."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    program = shutil.which("soffice") or "libreoffice"
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    out = folder / "computed"
    subprocess.run(
        [*command, "--convert-to", "xlsx", "--outdir", str(out), *map(str, paths)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    found = {}
    for path in paths:
        sheet = openpyxl.load_workbook(out / path.name, data_only=True).active
        lines = {row[0]: row for row in sheet.iter_rows(min_row=5, max_row=14, values_only=True)}
        found[path.stem] = {
            name: (Decimal(str(row[4])), row[6])
            for name, row in lines.items()
            if name not in (None, "项目") and row[6] is not None
        }
    return found


def assert_as_published(month: ReleaseMonth, found: Computed) -> None:
    totals = month.tables["marts.fct_composite_scores"]
    for total in totals:
        score, said = found[total["unit_id"]]["综合得分"]
        assert (score, said) == (total["composite_score"], "相符"), total["unit_name"]
    for row in month.tables["marts.fct_dimension_scores"]:
        score, said = found[row["unit_id"]][row["dimension_name"]]
        assert (score, said) == (row["score"], "相符"), row


@pytest.mark.needs("soffice", "calc")
def test_every_unit_gets_its_published_scores_and_sees_what_a_change_does(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    paths = written(month, tmp_path)
    assert len(paths) == 49
    scores = month.tables["marts.fct_indicator_scores"]
    lossy = max(scores, key=lambda row: (row["obs_status"] == "A", row["points_lost"]))
    book = openpyxl.load_workbook(paths[lossy["unit_id"]])
    (cell,) = (row[2] for row in book.active.iter_rows() if row[1].value == lossy["indicator_name"])
    cell.value = "—"  # not applicable: full marks
    book.save(tmp_path / "changed.xlsx")
    found = computed([*paths.values(), tmp_path / "changed.xlsx"], tmp_path)
    assert_as_published(month, found)
    before, (after, said) = (found[each]["综合得分"] for each in (lossy["unit_id"], "changed"))
    (total,) = (
        row
        for row in month.tables["marts.fct_composite_scores"]
        if row["unit_id"] == lossy["unit_id"]
    )
    assert before[0] == total["composite_score"]
    assert after == round(total["exact_score"] + lossy["points_lost"], 2)
    assert said == "不符"


@pytest.mark.soak
@pytest.mark.needs("soffice", "calc")
def test_so_does_every_unit_of_made_up_months(three_months: Sandbox, tmp_path: Path) -> None:
    with open_release(Project(three_months.root)) as release:
        for name in ("2023-07", "2023-08"):
            month = read_month(release, name, CITY)
            (tmp_path / name).mkdir()
            paths = written(month, tmp_path / name)
            assert_as_published(month, computed(list(paths.values()), tmp_path / name))


def test_a_hostile_name_is_a_text_and_no_path(month: ReleaseMonth, tmp_path: Path) -> None:
    changed = hostile(month)
    paths = dict[str, Row]()
    for unit, path in unit_documents(changed, "recalculation", ".xlsx"):
        folder, name = path.split("/")
        assert (folder, Path(name).name) == ("复算表", name)
        paths[path] = unit
    assert len(paths) == 49
    assert {unit["unit_name"] for unit in paths.values()} >= set(HOSTILE)
    unit = next(unit for unit in paths.values() if unit["unit_name"] == HOSTILE[0])
    write_workbook(changed, unit, tmp_path / "one.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "one.xlsx").active
    texts = [cell for row in sheet.iter_rows() for cell in row if HOSTILE[0] in str(cell.value)]
    assert texts and all(cell.data_type == "s" and not cell.hyperlink for cell in texts)
