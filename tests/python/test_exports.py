"""A month's folder of exports: whole, in place in one step, and only written when it changes."""

import hashlib
import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from conftest import BIN, REPEATS, Sandbox, copy_of
from ywtb.exports import bulletin, workbook
from ywtb.exports import month_folder as exports
from ywtb.project import Project

FILES = {"附件1-11.xlsx", "通报.docx", "manifest.json"}


@pytest.fixture
def project(june_copy: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Project:
    """June published, on a machine without LibreOffice: no PDF is missing that could be made.

    What is written again are only the formats that these tests look at.
    """
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(exports, "formats", lambda: [workbook.FORMAT, bulletin.FORMAT])
    return Project(june_copy.root)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_refresh_leaves_the_exports(june: Sandbox) -> None:
    folder = june.root / "exports" / "2023-06"
    found = contents(folder)
    assert found.keys() >= FILES | {"site/index.html", "data/datapackage.json"}
    listed = json.loads(found["manifest.json"])["files"]
    assert listed == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in found.items()
        if name != "manifest.json"
    }


@pytest.mark.soak
def test_two_exports_of_one_release_are_the_same_bytes(june_copy: Sandbox) -> None:
    folder = june_copy.root / "exports" / "2023-06"
    before = contents(folder)
    shutil.rmtree(folder)
    done = june_copy.run("export", "--month", "2023-06")
    assert done.returncode == 0, done.stderr
    assert contents(folder) == before


@pytest.mark.needs("soffice")
def test_an_export_makes_the_pdf(june: Sandbox, tmp_path: Path) -> None:
    """In a folder with a Chinese name too, where no locale says how to read that."""
    sandbox = copy_of(june, tmp_path / "一网 通办")
    done = sandbox.run("export", "--month", "2023-06", tools=True, LC_ALL="C", LOCPATH="/nowhere")
    assert done.returncode == 0, done.stderr
    with pikepdf.open(sandbox.root / "exports" / "2023-06" / "通报.pdf") as made:
        assert len(made.pages) > 10


def test_what_is_current_is_not_written_again(project: Project) -> None:
    assert exports.export_months(project) == []
    (project.exports / "2023-06" / "附件1-11.xlsx").unlink()
    (done,) = exports.export_months(project)
    assert done.error is None
    assert (project.exports / "2023-06" / "附件1-11.xlsx").is_file()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ywtb.exports.workbook.workbook.write_workbook", fail)
        yield


def test_an_export_that_fails_changes_nothing(project: Project, broken: None) -> None:
    before = contents(project.exports / "2023-06")
    (done,) = exports.export_months(project, ["2023-06"])
    assert done.error is not None
    assert "No space left" in done.error
    assert contents(project.exports / "2023-06") == before
    assert not list(project.exports.glob(".*"))


def test_what_a_killed_export_left_goes(project: Project) -> None:
    left = project.exports / ".2023-06.new" / "new"
    left.mkdir(parents=True)
    (left / "half.xlsx").write_bytes(b"half")
    assert exports.export_months(project) == []
    assert not left.exists()


def test_a_pdf_that_could_not_be_made_is_made_later(
    june: Sandbox, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without LibreOffice there is a note; where it is found later, the month is written again."""
    made = project.exports / "2023-06" / "通报.pdf"
    assert "没有找到 LibreOffice" in june.printed
    assert not made.exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("ywtb.exports.bulletin.missing_typefaces", tuple)
    assert exports.export_months(project) == []
    with pikepdf.new() as empty:
        empty.add_blank_page()
        empty.save(tmp_path / "empty.pdf")
    office = tmp_path / "soffice"
    office.write_text(
        "#!/bin/sh\n"
        "for each; do case $each in *.docx)\n"
        f"PATH=/usr/bin:/bin cp '{tmp_path}/empty.pdf' \"${{each%.docx}}.pdf\";; esac; done\n"
    )
    office.chmod(0o755)
    (written,) = exports.export_months(project)
    assert (written.month, written.error, written.notes) == ("2023-06", None, [])
    assert made.is_file()
    assert exports.export_months(project) == []


def test_wrong_months_are_refused(june: Sandbox) -> None:
    assert june.run("export", "--month", "2023-13").returncode == 2
    assert "已发布：2023-06" in june.run("export", "--month", "2023-05").stderr


@pytest.mark.soak
def test_an_export_that_is_killed_leaves_the_folder_whole(june_copy: Sandbox) -> None:
    folder = june_copy.root / "exports" / "2023-06"
    before = contents(folder)
    chance = random.Random(4)
    for _ in range(REPEATS or 3):
        process = subprocess.Popen(
            [str(BIN / "ywtb"), "export", "--month", "2023-06"],
            cwd=june_copy.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.1, 6))
        process.kill()
        process.wait()
        assert contents(folder) == before
    done = june_copy.run("export", "--month", "2023-06")
    assert done.returncode == 0, done.stderr
    assert contents(folder) == before
    assert not list(folder.parent.glob(".*"))
