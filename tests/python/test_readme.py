"""What the READMEs show is what is printed, and still is when later months are published."""

import csv
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ROOT, Sandbox, read_csv
from ywtb.cli import app

READMES = ("README.md", "README.zh-CN.md")
ANALYSIS = "docs/analysis.md"
"""Every question on three months, of which runs one by one take long."""

CHANGING = re.compile(r"\d{8}T\d{12}Z|\d+\.\d\d 秒|（没有找到 LibreOffice[^）]*）")
"""What differs from run to run or from machine to machine: ids, times, a note about the PDF."""

NAMES = re.compile(r"`((?:staging|intermediate|marts|audit|reference|附件)\.\w+)`")
PATHS = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
COMMANDS = re.compile(r"`ywtb ([\w-]+)([^`]*)`")
ELSEWHERE = (".venv/", "archive/", "exports/draft/", "warehouse/dev/", "warehouse/spark/")
"""Folders that neither a fresh checkout nor a refresh has."""


@dataclass(frozen=True)
class Sample:
    """A fenced block of a README, with the table that follows it."""

    kind: str  # what the fence says that it holds, such as sql
    lines: list[str]
    table: list[str]


def read_samples() -> list[tuple[str, Sample]]:
    """The fenced blocks of both READMEs and the analysis by place, such as `README.md:26`."""
    found = []
    for readme in (*READMES, ANALYSIS):
        lines = (ROOT / readme).read_text(encoding="utf-8").splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("```")]
        for first, last in zip(fences[::2], fences[1::2], strict=True):
            table = lines[last + 2 :]
            length = next((at for at, line in enumerate(table) if line[:1] != "|"), len(table))
            sample = Sample(lines[first][3:], lines[first + 1 : last], table[:length])
            found.append((f"{readme}:{first + 1}", sample))
    return found


SAMPLES = read_samples()


SOAK = pytest.mark.soak
COMMAND, SUMMARY, SEED_ROW = "$ ywtb ", "已发布 ", "# seeds/reference/scoring_rules.csv"
UNCHECKED = "make refresh "
"""The two commands are what `.ci/run` runs."""


def samples(kind: str = "", begins: str = "") -> pytest.MarkDecorator:
    """Run a test for the samples of a kind that begin so."""
    chosen = {
        place: sample
        for place, sample in SAMPLES
        if sample.kind == kind and sample.lines[0].startswith(begins)
    }
    assert chosen, f"no README shows {kind} {begins}"
    return pytest.mark.parametrize(
        "sample",
        [
            pytest.param(sample, id=place, marks=[SOAK] if place.startswith(ANALYSIS) else [])
            for place, sample in chosen.items()
        ],
    )


def test_every_sample_is_of_a_kind_that_is_checked() -> None:
    begins = (COMMAND, SUMMARY, SEED_ROW, UNCHECKED)
    assert [
        place
        for place, sample in SAMPLES
        if sample.kind not in ("sql", "mermaid")
        and (sample.kind or not sample.lines[0].startswith(begins))
    ] == []


@cache
def answer(root: Path, line: str) -> str:
    """What a command prints, which is run once for both languages."""
    done = Sandbox(root).run(*shlex.split(line)[2:])
    assert done.returncode == 0, done.stderr
    return done.stdout


@samples(begins=COMMAND)
def test_a_command_prints_what_is_shown(three_months: Sandbox, sample: Sample) -> None:
    printed: list[str] = []
    for line in sample.lines:
        if line.startswith(COMMAND):
            told = answer(three_months.root, line).splitlines()
            printed += [line, *(CHANGING.sub("…", each).rstrip() for each in told)]
    assert printed == [CHANGING.sub("…", line) for line in sample.lines]


@samples(kind="sql")
def test_a_query_gives_the_table_shown(three_months: Sandbox, sample: Sample) -> None:
    header, _, *rows = (
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in sample.table
    )
    found = three_months.rows("\n".join(sample.lines))
    assert [tuple("" if each is None else str(each) for each in row) for row in found] == rows
    described = three_months.rows("describe " + "\n".join(sample.lines))
    assert tuple(name for name, *_ in described) == header


@samples(begins=SUMMARY)
def test_the_summary_is_that_of_june(june: Sandbox, sample: Sample) -> None:
    shown, printed = (CHANGING.sub("", text) for text in ("\n".join(sample.lines), june.printed))
    assert shown.splitlines() == printed.splitlines()


@samples(begins=SEED_ROW)
def test_a_row_fits_its_seed_and_changes_a_rule(sample: Sample) -> None:
    """What such a row does is tested in test_seed_changes."""
    (row,) = csv.reader(line for line in sample.lines if not line.startswith("#"))
    (first, *_) = rules = read_csv(ROOT / "seeds" / "reference" / "scoring_rules.csv")
    change = dict(zip(first, row, strict=True))
    (rule,) = (
        rule
        for rule in rules
        if (rule["rule_id"], rule["segment_no"]) == (change["rule_id"], change["segment_no"])
    )
    assert change.keys() == rule.keys()
    changed = {column for column in rule if rule[column] != change[column]}
    assert {"slope_points", "valid_from"} <= changed
    assert change["slope_points"].strip("-") in change["rule_text"]


def test_what_is_named_is_there(three_months: Sandbox) -> None:
    """Tables, paths of the checkout and of what is made, commands and their options."""
    text = "".join((ROOT / readme).read_text(encoding="utf-8") for readme in READMES)
    tables = {
        f"{schema}.{name}"
        for schema, name in three_months.rows(
            "select table_schema, table_name from information_schema.tables"
        )
    }
    assert set(NAMES.findall(text)) - tables == set()
    made = three_months.root
    missing = {
        path
        for path in PATHS.findall(text)
        if not any((base / path).exists() for base in (ROOT, made, made / "exports" / "2023-06"))
    }
    assert {path for path in missing if not path.startswith(ELSEWHERE)} == set()
    commands = {(command, options) for command, options in COMMANDS.findall(text)}
    helps = {
        command: CliRunner().invoke(app, [command, "--help"], terminal_width=200).stdout
        for command, _ in commands
    }
    assert {
        option
        for command, options in commands
        for option in re.findall(r"--[a-z-]+", options)
        if option not in helps[command]
    } == set()
    assert all(helps.values())
