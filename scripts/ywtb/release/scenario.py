"""What scores would be under other values, rules and weights: the project's models say so."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.problem import Failure, Problem
from ywtb.assessment.sql import literal
from ywtb.release.queries import (
    NotOneUnitError,
    Row,
    find_unit,
    rows,
)
from ywtb.release.replay import RELEASE, Replay

RULES, WEIGHTS, MAXIMA, VALUES = "rules", "weights", "max_points", "values"
SECTIONS = (VALUES, RULES, WEIGHTS, MAXIMA)
TEXTS = ("month", "title")
DEEPEST = 5
"""Names above a value in a file: a section, a city, a group, a dimension, one to spare."""

NAMES_OF_UNITS = {"marts.dim_units": "unit_name", "reference.unit_aliases": "alias_name"}
"""Tables with the names that a unit goes by, and their column."""

SHOWN = 10
"""Names that are told where none is like the one that was written."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,12}([.][0-9]{1,12})?")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


class NoScenarioError(Exception):
    """What is no scenario; the message says why, in Chinese."""


@dataclass(frozen=True)
class Setting:
    """One thing that a scenario changes, as written.

    Attributes:
        section: values, rules, weights or max_points.
        path: names that say what is changed, such as a unit and an indicator.
        text: the new value.
    """

    section: str
    path: tuple[str, ...]
    text: str

    @classmethod
    def of(cls, names: Sequence[str], text: str) -> "Setting":
        """A setting by its names; where the first is no section, it is a unit's."""
        section, *path = names if names[0] in SECTIONS else (VALUES, *names)
        return cls(section, tuple(path), text.strip())

    def __str__(self) -> str:
        """The setting as it is written behind `--set`."""
        names = self.path if self.section == VALUES else (self.section, *self.path)
        return f"{'.'.join(names)}={self.text}"


@dataclass(frozen=True)
class Scenario:
    """What is asked.

    Attributes:
        settings: what is changed.
        month: such as 2023-06, where the file says it.
    """

    settings: list[Setting]
    month: str | None = None

    def joined(self, other: "Scenario") -> "Scenario":
        """Both together."""
        return Scenario([*self.settings, *other.settings], self.month or other.month)


def read_options(texts: Iterable[str]) -> Scenario:
    """A scenario of texts such as `市财政局.behavior_coverage_rate=60%`.

    Raises:
        NoScenarioError: texts without a value; all are named.
    """
    settings, wrong = [], []
    for text in texts:
        names, sign, value = text.partition("=")
        settings.append(Setting.of([name.strip() for name in names.split(".")], value))
        wrong += [] if sign else [text]
    if wrong:
        raise NoScenarioError(f"应形如 名称=值：{'、'.join(wrong)}")
    return Scenario(settings)


def read_file(path: Path) -> Scenario:
    """The scenario of a file as `scenarios/schema.json` describes it; figures stay texts.

    Raises:
        NoScenarioError: it cannot be read, or is not written so.
    """
    try:
        root: Any = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise NoScenarioError(f"{path} 无法读取：{error}") from error
    except yaml.YAMLError as error:
        raise NoScenarioError(f"{path} 不是 YAML：{' '.join(str(error).split())}") from error
    texts: dict[str, str] = {}
    settings = []
    for names, text in _leaves(root, path):
        if names[0] in SECTIONS and len(names) > 1:
            settings.append(Setting.of(names, text))
        elif names[0] in TEXTS and len(names) == 1:
            texts[names[0]] = text
        else:
            expected = "、".join((*TEXTS, *SECTIONS))
            raise NoScenarioError(f"{path} 中的“{'.'.join(names)}”无从理解，可写 {expected}")
    return Scenario(settings, texts.get("month"))


def _leaves(node: Any, path: Path, *names: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Texts of a file with the names above them; what stands twice is there twice."""
    if isinstance(node, yaml.MappingNode) and len(names) < DEEPEST:
        for key, value in node.value:
            yield from _leaves(value, path, *names, str(key.value))
    elif isinstance(node, yaml.ScalarNode) and names:
        yield names, node.value
    else:
        place = f"“{'.'.join(names)}”" if names else "文件"
        raise NoScenarioError(f"{path} 的{place}应为“名称: 值”，见 scenarios/schema.json")


@dataclass(frozen=True)
class Change:
    """A setting that is understood.

    Attributes:
        section: of the setting.
        subject: what is changed, in Chinese.
        old_value: text of what is published; None where there is nothing.
        new_value: text of what it is to be.
    """

    section: str
    subject: str
    old_value: str | None
    new_value: str

    def __str__(self) -> str:
        """The change as one line of Chinese."""
        return f"{self.subject}：{'无' if self.old_value is None else self.old_value} → " + (
            self.new_value or "空白"
        )


@dataclass
class Answer:
    """What a scenario comes to.

    Attributes:
        month: such as 2023-06.
        changes: what it changes.
        wrong: names and figures that mean nothing, one line each.
        problems: values that are refused as input would be.
        contradictions: data tests that refuse it.
        units: every unit with total and place before and after; empty where it is refused.
        printed_changes: printed cells that differ.
    """

    month: str
    changes: list[Change] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    contradictions: list[Failure] = field(default_factory=list)
    units: list[Row] = field(default_factory=list)
    printed_changes: list[Row] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether the scenario cannot be."""
        return bool(self.wrong or self.problems or self.contradictions)


@dataclass(frozen=True)
class _Edit:
    """A change as it is made: the statement, the table that it changes, and where in it."""

    change: Change
    table: str
    where: str
    statement: str


class _WrongError(Exception):
    """A name or figure that means nothing; the message says so in Chinese."""


def answer(replayed: Replay, scenario: Scenario, city: str | None = None) -> Answer:
    """What a scenario comes to in a month.

    Everything wrong with it is found at once. Where a rule or a weight is named wrongly, the others
    are not judged: they may only fit together.

    Args:
        replayed: the month in memory, not yet computed.
        scenario: what is asked.
        city: name or code of the city that units and weights are of; not needed for one city.
    """
    found = Answer(replayed.month)
    names = _Names(replayed, city)
    edits: dict[tuple[str, str], _Edit] = {}
    wrong_sections = set()
    for setting in scenario.settings:
        try:
            edit = names.understand(setting)
            if (edit.table, edit.where) in edits:
                raise _WrongError("同一处写了两次")
        except _WrongError as error:
            found.wrong.append(f"{setting}：{error}")
            wrong_sections.add(setting.section)
        else:
            edits[edit.table, edit.where] = edit
    found.changes = [edit.change for edit in edits.values()]
    changes: dict[str, list[str]] = {}
    for edit in edits.values():
        if edit.change.section not in wrong_sections - {VALUES}:
            changes.setdefault(edit.table, []).append(edit.statement)
    try:
        replayed.run(changes)
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        found.problems.append(
            Problem("方案", None, None, "数值过大，算不出得分", "大小合理的系数、满分和值")
        )
    for each in replayed.contradictions():
        # What is wrong with a value is the scenario's, and of no file.
        problems = [replace(problem, file="方案", row=None) for problem in each.problems({})]
        found.problems += problems
        found.contradictions += [] if problems else [each]
    if not found.is_refused:
        found.units = _units(replayed)
        found.printed_changes = rows(replayed.connection, _sql(PRINTED_CHANGES, replayed))
    return found


class _Names:
    """What names in a scenario mean in a month of the release."""

    def __init__(self, replayed: Replay, city: str | None) -> None:
        self._connection = replayed.connection
        self._month, self._day = replayed.month, replayed.day
        self._city = city
        self._readers = {
            VALUES: self._value,
            RULES: self._rule,
            WEIGHTS: self._weight,
            MAXIMA: self._maximum,
        }

    def understand(self, setting: Setting) -> _Edit:
        """The change that is meant.

        Raises:
            _WrongError: a name or figure means nothing.
        """
        return self._readers[setting.section](setting)

    def _value(self, setting: Setting) -> _Edit:
        unit_name, indicator_name = _two_names(setting, "单位.指标")
        try:
            unit = find_unit(self._connection, unit_name, self._month, self._city)
        except NotOneUnitError as error:
            raise _WrongError(str(error)) from error
        indicator = self._indicator(indicator_name)
        unit_id, code = unit["unit_id"], indicator["indicator_code"]
        observed = self._of_month(
            "marts.fct_observations", f"(unit_id, indicator_code) = {_tuple(unit_id, code)}"
        )
        if not observed:
            raise _WrongError(f"{unit['group_name']}不考核“{indicator['indicator_name']}”")
        of_unit = f"(unit_id, feed_code) = {_tuple(unit_id, indicator['dimension_code'])}"
        cells = self._of_month("intermediate.int_cells_corrected", of_unit)
        # What is imputed counts, the cell itself, or, where the column is missing, one of its row.
        cells = sorted(
            (each for each in cells if each["column_name"] == code or not each["is_imputed"]),
            key=lambda each: (each["column_name"] != code, not each["is_imputed"]),
        )
        if not cells:
            raise _WrongError(f"本月没有收到该单位的“{indicator['dimension_name']}”")
        table, statement = _value_statement(cells[0], code, setting.text)
        subject = f"{unit['unit_name']} {indicator['indicator_name']}"
        change = Change(VALUES, subject, observed[0]["corrected_value"], setting.text)
        return _Edit(change, table, f"{unit_id} {code}", statement)

    def _rule(self, setting: Setting) -> _Edit:
        table = "intermediate.int_rules_monthly"
        if len(setting.path) not in (2, 3):
            raise _WrongError("应写作 rules.规则.系数，规则有几段的写作 rules.规则.段号.系数")
        rule_id, *segment, column = setting.path
        found = self._of_month(table, f"rule_id = {literal(rule_id)}")
        if not found:
            raise self._unknown("规则", rule_id, (row["rule_id"] for row in self._of_month(table)))
        numbers = sorted(str(row["segment_no"]) for row in found)
        if not segment and len(numbers) > 1:
            example = f"rules.{rule_id}.{numbers[0]}.{column}"
            raise _WrongError(f"该规则有 {len(numbers)} 段，写明段号，如 {example}")
        meant = [row for row in found if str(row["segment_no"]) in (segment or numbers)]
        if not meant:
            raise _WrongError(f"该规则没有第 {segment[0]} 段，有：{'、'.join(numbers)}")
        types = exact_sizes(self._connection, table)
        if column not in types:
            raise self._unknown("系数", column, types)
        old = None if meant[0][column] is None else plain_figure(meant[0][column])
        new = _exact(setting.text, types[column]) if setting.text else "null"
        place = f" 第 {segment[0]} 段" if len(numbers) > 1 else ""
        change = Change(RULES, f"规则 {rule_id}{place} {column}", old, setting.text)
        where = f"rule_id = {literal(rule_id)} and segment_no = {meant[0]['segment_no']}"
        return _Edit(change, table, f"{where} {column}", _update(table, column, new, where))

    def _weight(self, setting: Setting) -> _Edit:
        table = "intermediate.int_dimension_weights_monthly"
        if len(setting.path) not in (2, 3):
            raise _WrongError("应写作 weights.组.项目，有几个城市的写作 weights.城市.组.项目")
        *named, group_name, dimension_name = setting.path
        city = self._one_city(*named)
        group = self._named("组", "group", self._rows("reference.groups"), group_name)
        dimensions = self._rows("reference.dimensions")
        dimension = self._named("项目", "dimension", dimensions, dimension_name)
        keys = _tuple(city["city_code"], group["group_code"], dimension["dimension_code"])
        where = f"(city_code, group_code, dimension_code) = {keys}"
        found = self._of_month(table, where)
        if not found:
            raise _WrongError(f"{group['group_name']}不考核“{dimension['dimension_name']}”")
        new = _exact(setting.text, exact_sizes(self._connection, table)["weight"])
        subject = f"{group['group_name']} {dimension['dimension_name']} 权重"
        if named:
            subject = f"{city['city_name']} {subject}"
        change = Change(WEIGHTS, subject, plain_figure(found[0]["weight"]), setting.text)
        return _Edit(change, table, where, _update(table, "weight", new, where))

    def _maximum(self, setting: Setting) -> _Edit:
        table = "intermediate.int_group_indicators_monthly"
        group_name, indicator_name = _two_names(setting, "max_points.组.指标")
        group = self._named("组", "group", self._rows("reference.groups"), group_name)
        indicator = self._indicator(indicator_name)
        keys = _tuple(group["group_code"], indicator["indicator_code"])
        where = f"(group_code, indicator_code) = {keys}"
        found = self._of_month(table, where)
        if not found or found[0]["max_points"] is None:
            name = indicator["indicator_name"]
            raise _WrongError(f"“{name}”在{group['group_name']}{'只列示' if found else '不考核'}")
        new = _exact(setting.text, exact_sizes(self._connection, table)["max_points"])
        subject = f"{group['group_name']} {indicator['indicator_name']} 满分"
        change = Change(MAXIMA, subject, plain_figure(found[0]["max_points"]), setting.text)
        return _Edit(change, table, where, _update(table, "max_points", new, where))

    def _one_city(self, name: str | None = None) -> Row:
        """The city of a name or code; the only one there is needs none."""
        name = name or self._city
        there = {row["city_code"] for row in self._of_month("intermediate.int_cities_monthly")}
        cities = [row for row in self._rows("reference.cities") if row["city_code"] in there]
        found = [each for each in cities if name in (None, each["city_code"], each["city_name"])]
        if len(found) != 1:
            known = "、".join(f"{each['city_name']}（{each['city_code']}）" for each in cities)
            raise _WrongError(
                f"没有城市“{name}”，有：{known}" if name else f"有几个城市，写明其中一个：{known}"
            )
        return found[0]

    def _indicator(self, name: str) -> Row:
        return self._named("指标", "indicator", self._of_month("marts.dim_indicators"), name)

    def _named(self, kind: str, key: str, known: list[Row], name: str) -> Row:
        """The row that a code or name means."""
        found = [each for each in known if name in (each[f"{key}_code"], each[f"{key}_name"])]
        if len(found) > 1:
            codes = "、".join(each[f"{key}_code"] for each in found)
            raise _WrongError(f"有几个{kind}叫“{name}”，写代码：{codes}")
        if not found:
            labels = {each[f"{key}_{part}"]: each for each in known for part in ("code", "name")}
            raise self._unknown(kind, name, labels)
        return found[0]

    def _unknown(self, kind: str, name: str, known: Iterable[str]) -> _WrongError:
        names = sorted(set(known))
        if nearest := difflib.get_close_matches(name, names, cutoff=0.4):
            return _WrongError(f"没有{kind}“{name}”，最接近的是：{'、'.join(nearest)}")
        rest = f" 等 {len(names)} 个" if names[SHOWN:] else ""
        return _WrongError(f"没有{kind}“{name}”，有：{'、'.join(names[:SHOWN])}{rest}")

    def _of_month(self, table: str, where: str = "true") -> list[Row]:
        return self._rows(table, f"score_month = {self._day} and {where}")

    def _rows(self, table: str, where: str = "true") -> list[Row]:
        return rows(self._connection, f"from {table} where {where} order by all")


def exact_sizes(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, tuple[int, int]]:
    """Precision and scale of a table's columns that are exact decimals, by name."""
    return {
        row["column_name"]: (int(found[1]), int(found[2]))
        for row in rows(connection, f"describe {table}")
        if (found := _DECIMAL.fullmatch(row["column_type"]))
    }


def _two_names(setting: Setting, form: str) -> tuple[str, str]:
    try:
        first, second = setting.path
    except ValueError as error:
        raise _WrongError(f"应写作 {form}") from error
    return first, second


def _tuple(*texts: str) -> str:
    return f"({', '.join(map(literal, texts))})"


def _exact(text: str, size: tuple[int, int]) -> str:
    """A figure as SQL writes it, if a decimal of a precision and scale holds it unrounded."""
    precision, scale = size
    if not _NUMBER.fullmatch(text):
        raise _WrongError("应为数字，如 28 或 -0.05")
    number = Decimal(text)
    if number != round(number, scale):
        raise _WrongError(f"最多 {scale} 位小数")
    if abs(number) >= 10 ** (precision - scale):
        raise _WrongError(f"最多 {precision - scale} 位整数")
    return f"{number:f}"


def _value_statement(cell: Row, code: str, text: str) -> tuple[str, str]:
    """The table that a cell's value comes from, and the statement that changes it there.

    Args:
        cell: the cell, or another one of its row where it has not been received.
        code: of the indicator.
        text: the new value.
    """
    new = literal(text) if text else "null"
    is_there = cell["column_name"] == code
    of_row = f"row_no = {cell['row_no']} and column_name = {literal(cell['column_name'])}"
    if is_there and cell["is_imputed"]:
        table, unit = "errata.imputed_cells", literal(cell["unit_id"])
        names = " union all ".join(
            f"select {name} from {RELEASE}.{source} where unit_id = {unit}"  # noqa: S608
            for source, name in NAMES_OF_UNITS.items()
        )
        keys = f"(erratum_id, indicator_code) = {_tuple(cell['erratum_id'], code)}"
        return table, _update(table, "imputed_value", new, f"{keys} and unit_name in ({names})")
    if is_there and cell["corrected_value"] != cell["printed_value"]:
        table = "errata.cell_corrections"
        keys = f"(erratum_id, feed) = {_tuple(cell['erratum_id'], cell['feed_code'])}"
        return table, _update(table, "corrected_value", new, f"{keys} and {of_row}")
    table = "staging.stg_bulletin__cells"
    where = f"source_file = {literal(cell['source_file'])} and {of_row}"
    if is_there:
        return table, _update(table, "printed_value", new, where)
    replaced = f"{literal(code)} as column_name, {new} as printed_value"
    of_row = f"select * replace ({replaced}) from {table} where {where}"  # noqa: S608
    return table, f"insert into {table} {of_row}"


def _update(table: str, column: str, new: str, where: str) -> str:
    return f"update {table} set {column} = {new} where {where}"  # noqa: S608


def _units(replayed: Replay) -> list[Row]:
    """Every unit with total and place before and after, and what moved it."""
    connection = replayed.connection
    units = rows(connection, _sql(UNITS, replayed))
    effects: dict[str, list[Row]] = {}
    for effect in rows(connection, _sql(EFFECTS, replayed)):
        effects.setdefault(effect.pop("unit_id"), []).append(effect)
    groups: dict[tuple[str, str], list[Row]] = {}
    for unit in units:
        groups.setdefault((unit["city_code"], unit["group_code"]), []).append(unit)
    for unit in units:
        rivals = groups[unit["city_code"], unit["group_code"]]
        unit |= {
            "score_change": unit["new_exact_score"] - unit["exact_score"],
            "places_gained": unit["score_rank"] - unit["new_score_rank"],
            "effects": effects.get(unit["unit_id"], []),
            "passed": [each["unit_name"] for each in rivals if _passes(unit, each)],
            "passed_by": [each["unit_name"] for each in rivals if _passes(each, unit)],
        }
    return units


def _passes(unit: Row, other: Row) -> bool:
    """Whether a unit that was not before another is so in the scenario."""
    return bool(
        unit["score_rank"] >= other["score_rank"]
        and unit["new_score_rank"] < other["new_score_rank"]
    )


def _sql(template: str, replayed: Replay) -> str:
    return template.format(release=RELEASE, day=replayed.day)


UNITS = """
    select
        unit_id, old.unit_name, city_code, old.city_name, group_code, old.group_name,
        old.composite_score, old.exact_score, old.sequence_no, old.score_rank,
        new.composite_score as new_composite_score, new.exact_score as new_exact_score,
        new.sequence_no as new_sequence_no, new.score_rank as new_score_rank
    from {release}.marts.fct_composite_scores as old
    inner join marts.fct_composite_scores as new using (score_month, unit_id, city_code, group_code)
    inner join {release}.reference.groups using (group_code)
    where score_month = {day}
    order by city_code, group_order, new.sequence_no
"""

EFFECTS = """
    with

    losses as (
        select
            unit_id, dimension_code, indicator_code, old.indicator_name, old.obs_value,
            new.obs_value as new_obs_value, old.points, new.points as new_points,
            old.points_lost - new.points_lost as effect
        from {release}.marts.fct_indicator_scores as old
        inner join marts.fct_indicator_scores as new
            using (score_month, unit_id, dimension_code, indicator_code)
        where score_month = {day}
    ),

    dimensions as (
        select
            unit_id, dimension_code, old.weight, new.weight as new_weight,
            new.score - old.score as effect
        from {release}.marts.fct_dimension_scores as old
        inner join marts.fct_dimension_scores as new using (score_month, unit_id, dimension_code)
        where score_month = {day}
    )

    select unit_id, dimension_name, cause_name, effects.* exclude (unit_id, dimension_code)
    from (
        select 'indicator' as cause, * from losses
        union all by name
        select 'weight' as cause, * replace (new_weight - weight as effect) from dimensions
        union all by name
        select
            'dimension_floor' as cause, unit_id, dimension_code,
            dimensions.effect - (new_weight - weight) - sum(losses.effect) as effect
        from dimensions
        inner join losses using (unit_id, dimension_code)
        group by unit_id, dimension_code, dimensions.effect, new_weight, weight
    ) as effects
    inner join {release}.reference.dimensions using (dimension_code)
    left join {release}.reference.change_causes using (cause)
    where effect != 0
    order by unit_id, dimension_order, cause, indicator_code
"""

PRINTED_CHANGES = """
    select
        city_code, annex_no, unit_id, old.unit_name, column_name, columns.header_path,
        old.cell_text as old_value, new.cell_text as new_value
    from {release}.audit.annex_cells as old
    inner join audit.annex_cells as new
        using (score_month, city_code, annex_no, unit_id, column_name)
    inner join intermediate.int_annex_columns_monthly as columns
        using (score_month, annex_no, column_name)
    where score_month = {day} and old.cell_text is distinct from new.cell_text
    order by city_code, annex_no, new.row_no, columns.column_no
"""
