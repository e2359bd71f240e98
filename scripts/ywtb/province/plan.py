"""What workers need: the reference database, and the compiled SQL of what is made of each city."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ywtb.assessment.problem import Failure
from ywtb.checksums import checksums
from ywtb.pipeline.dbt_build import Build, table_of, with_ancestors
from ywtb.project import Project

FILES = "stg_bulletin__cells"
OF_CITIES = f"{FILES}+", "int_units_monthly+"
"""Selectors of what is made of each city by itself: what follows from its files or its units."""

EARLIER_MONTHS = "earlier_months"
ALL, NEWEST, OWN = "all", "newest", "own"
"""In a model's `meta`: which earlier months it reads of others, every one or each unit's newest, or
that it reads its own newest rows."""

PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "tests", "seeds")
FOLDER, SCRATCH = ".plan", ".run"
PLAN = "plan.json"
REFERENCE = "ywtb.duckdb"


class PlanError(Exception):
    """The project or its reference seeds cannot be built."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        """Keep what failed, with its rows."""
        super().__init__("；".join(f"{each.name}：{each.message}" for each in failures))
        self.failures = failures


@dataclass(frozen=True)
class Model:
    """A table to make.

    Attributes:
        name: of the model.
        table: schema and name, as SQL writes them.
        sql: compiled.
        keys: columns of its primary key; none where it has no such.
        comment: what it is.
        columns: name, type if its contract has one, whether it is never empty, and what it is.
        is_result: whether people receive it.
        from_files: whether it follows from files, and not only from what is in force.
        looks_back: whether its rows follow from months before theirs.
        read_back: which of its earlier rows are read for that.
    """

    name: str
    table: str
    sql: str
    keys: list[str]
    comment: str
    columns: list[tuple[str, str | None, bool, str]]
    is_result: bool
    from_files: bool
    looks_back: bool
    read_back: str | None

    @property
    def goes_on(self) -> bool:
        """Whether it reads its own earlier rows."""
        return self.looks_back and self.read_back is not None


@dataclass(frozen=True)
class Check:
    """A query that finds nothing, or what follows from a city is refused.

    Attributes:
        name: of the test.
        message: what it asserts.
        sql: compiled.
        after: models that must be there.
    """

    name: str
    message: str
    sql: str
    after: list[str]


@dataclass(frozen=True)
class Plan:
    """All that a worker is told; it lies in a folder that every worker can read.

    Attributes:
        made_from: checksum of models, seeds, months and folders.
        folder: where it and the reference database lie.
        scratch: where workers keep what they are at work on.
        source: folder of the files.
        out: folder of the results.
        months: first days of the months, oldest first, as texts.
        cities: names by code.
        feeds: key columns of the feeds by code.
        read: tables of the reference that models and checks of a city read.
        read_in_force: those of which only what models of what is in force make of them counts.
        read_later: tables of what is in force of which what looks back at earlier months reads
            these months as well, and of which that is made.
        read_to_make_later: those of which only that is made.
        results: tables of the reference that people receive.
        models: each after those it reads, a city by itself.
        checks: tests of these models.
        province_models: those over all cities.
        province_checks: tests of these.
    """

    made_from: str
    folder: str
    scratch: str
    source: str
    out: str
    months: list[str]
    cities: dict[str, str]
    feeds: dict[str, str]
    read: list[str]
    read_in_force: list[str]
    read_later: list[str]
    read_to_make_later: list[str]
    results: list[str]
    models: list[Model]
    checks: list[Check]
    province_models: list[Model]
    province_checks: list[Check]

    @property
    def path(self) -> Path:
        """The plan as a file."""
        return Path(self.folder) / PLAN

    @staticmethod
    def file_of(out: Path) -> Path:
        """Where the plan of a folder of results lies."""
        return out / FOLDER / PLAN

    @property
    def result_tables(self) -> dict[str, list[str]]:
        """Tables that people receive of a city, with the columns of their primary keys."""
        keys: dict[str, list[str]] = {table: [] for table in self.results}
        return keys | {model.table: model.keys for model in self.models if model.is_result}

    @property
    def in_force(self) -> list[Model]:
        """Models of what is in force, each after those that it reads."""
        return [model for model in self.models if not model.from_files]

    @property
    def kept(self) -> list[Model]:
        """Models whose rows are kept for the months to come beside what people receive."""
        return [
            model
            for model in self.models
            if model.read_back == ALL or (model.read_back == NEWEST and not model.is_result)
        ]

    @property
    def reference(self) -> Path:
        """The reference database."""
        return Path(self.folder) / REFERENCE

    def write(self) -> None:
        """Write the plan for the workers."""
        self.path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read_file(cls, path: Path) -> "Plan":
        """The plan as `write` left it."""
        content = json.loads(path.read_text(encoding="utf-8"))
        for key, kind in (("models", Model), ("checks", Check)):
            for part in (key, f"province_{key}"):
                content[part] = [kind(**each) for each in content[part]]
        return cls(**content)


def make_plan(
    project: Project, source: Path, seeds: Path | None, out: Path, months: Sequence[str]
) -> Plan:
    """Build the reference with dbt, compile the rest, and write both below `out`.

    Args:
        project: the checkout.
        source: folder of the monthly files.
        seeds: a folder like `seeds/`, whose files take the place of the project's.
        out: folder of the results.
        months: first days of the months to build, oldest first, as texts.

    Raises:
        PlanError: something cannot be parsed, built or compiled, or a test of the reference fails.
    """
    folder, scratch = out / FOLDER, out / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    copy = Project(scratch / "project")
    _copy_project(project, seeds, copy.root)
    made_from = repr((str(source), str(out), months, sorted(checksums(copy.root).items())))
    made_from = hashlib.sha256(made_from.encode()).hexdigest()
    with suppress(OSError, ValueError, TypeError):
        known = Plan.read_file(folder / PLAN)
        if known.made_from == made_from:
            return known
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    database = copy.warehouse / "dev" / REFERENCE
    database.parent.mkdir(parents=True)
    names = [month[:7].replace("-", "_") for month in months]
    # Workers read the files: dbt is shown none, nor case records, which workers do not read. They
    # fill tables with what earlier months left before a model adds to it.
    variables = {
        "raw_path": str(copy.root),
        "case_path": None,
        "score_months": names,
        "goes_on": True,
    }
    build = Build(copy, "dev", database, variables)
    failures = build.parse() or build.run(left_out=OF_CITIES)
    if failures:
        raise PlanError(failures)
    try:
        compiled = build.compiled(OF_CITIES)
    except RuntimeError as error:
        raise PlanError([Failure("dbt compile", str(error))]) from error
    database.rename(folder / REFERENCE)
    plan = Plan(
        made_from=made_from,
        folder=str(folder),
        scratch=str(scratch),
        source=str(source),
        out=str(out),
        months=list(months),
        cities={row["city_code"]: row["city_name"] for row in copy.reference("cities")},
        feeds={row["feed_code"]: row["key_column"] for row in copy.reference("feeds")},
        **_parts(build.nodes, compiled),
    )
    plan.write()
    return plan


def names_of(table: str) -> tuple[str, str]:
    """Schema and name of a table as SQL writes it."""
    schema, name = table.split(".")
    return schema, name


def _copy_project(project: Project, seeds: Path | None, root: Path) -> None:
    """What dbt needs of a checkout, without its monthly seeds."""
    for part in PROJECT_PARTS:
        path = project.root / part
        if path.is_dir():
            skipped = shutil.ignore_patterns("python", *(["raw"] if part == "seeds" else []))
            shutil.copytree(path, root / part, ignore=skipped)
        else:
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / part)
    for path in seeds.glob("*/*.csv") if seeds else ():
        shutil.copy(path, root / "seeds" / path.parent.name / path.name)


def _parts(nodes: Any, compiled: Sequence[Any]) -> dict[str, Any]:
    """Models and tests of cities, and what they read of the reference."""
    found = {node.unique_id: node for node in compiled if node.resource_type == "model"}
    results = {key for key, node in found.items() if _is_public(node)}
    needed = with_ancestors(list(found.values()), results) & found.keys()
    over_cities = {key for key in needed if found[key].schema == "province"}
    from_files: set[str] = set()
    for key, node in found.items():
        if node.name == FILES or from_files.intersection(node.depends_on.nodes):
            from_files.add(key)
    looks_back, read_back = _look_back(
        {key: node for key, node in found.items() if key in needed & from_files}
    )
    in_force = [node for key, node in found.items() if key not in from_files]
    parents_later = {parent for key in looks_back for parent in found[key].depends_on.nodes}
    later = with_ancestors(in_force, parents_later)
    models = {
        key: Model(
            name=node.name,
            table=table_of(node),
            sql=node.compiled_code,
            keys=_primary_key(node),
            comment=node.description,
            columns=[
                (column.name, column.data_type, _is_required(column), column.description)
                for column in node.columns.values()
            ],
            is_result=key in results,
            from_files=key in from_files,
            looks_back=key in looks_back,
            read_back=read_back.get(key),
        )
        for key, node in found.items()
        if key in needed
    }
    checks: dict[bool, list[Check]] = {False: [], True: []}
    read: dict[bool, set[str]] = {False: set(), True: set()}
    for node in compiled:
        parents = node.depends_on.nodes
        is_check = node.resource_type == "test" and _fits(node, found, needed)
        if node.unique_id in needed or is_check:
            tables = {table_of(nodes[key]) for key in parents if key not in found}
            read[is_check or node.unique_id in from_files] |= tables
        if is_check:
            after = [key for key in parents if key in needed]
            checks[bool(over_cities.intersection(after))].append(
                Check(
                    node.name, node.description, node.compiled_code, [found[k].name for k in after]
                )
            )
    for key in models:
        checks[key in over_cities] += _constraints(found[key])
    return {
        "read": sorted(read[True] | read[False]),
        "read_in_force": sorted(read[False] - read[True]),
        "read_later": sorted(table_of(nodes[key]) for key in later - from_files),
        "read_to_make_later": sorted(
            table_of(nodes[key]) for key in later - parents_later - from_files
        ),
        "results": sorted(
            table_of(node)
            for key, node in nodes.items()
            if node.resource_type == "model" and key not in found and _is_public(node)
        ),
        "models": [model for key, model in models.items() if key not in over_cities],
        "checks": checks[False],
        "province_models": [model for key, model in models.items() if key in over_cities],
        "province_checks": checks[True],
    }


def _look_back(models: Mapping[str, Any]) -> tuple[set[str], dict[str, str]]:
    """Models whose rows follow from earlier months, and those whose earlier rows they read."""
    looks_back: set[str] = set()
    for key, node in models.items():
        if EARLIER_MONTHS in node.config.meta or looks_back.intersection(node.depends_on.nodes):
            looks_back.add(key)
    read_back: dict[str, str] = {}
    for months in (NEWEST, ALL):
        for node in models.values():
            if node.config.meta.get(EARLIER_MONTHS) == months:
                before = models.keys() & {*node.depends_on.nodes} - looks_back
                read_back |= dict.fromkeys(before, months)
    own = (key for key, node in models.items() if node.config.meta.get(EARLIER_MONTHS) == OWN)
    return looks_back, read_back | dict.fromkeys(own, NEWEST)


def _fits(node: Any, found: Any, needed: set[str]) -> bool:
    return all(key in needed for key in node.depends_on.nodes if key in found)


def _is_public(node: Any) -> bool:
    return str(getattr(node.config.access, "value", node.config.access)) == "public"


def _primary_key(node: Any) -> list[str]:
    return [
        column
        for constraint in node.constraints
        if constraint.type.value == "primary_key"
        for column in constraint.columns
    ]


def _is_required(column: Any) -> bool:
    return any(each.type.value == "not_null" for each in column.constraints)


def _constraints(node: Any) -> list[Check]:
    """The primary key and the columns that are never empty, which dbt's tables would enforce."""
    checks = []
    if keys := ", ".join(_primary_key(node)):
        sql = f"select {keys} from {table_of(node)} group by all having count(*) > 1"  # noqa: S608
        checks.append(Check(f"{node.name}__primary_key", f"{keys} 不重复", sql, [node.name]))
    filled = [column.name for column in node.columns.values() if _is_required(column)]
    if filled:
        empty = " or ".join(f"{name} is null" for name in filled)
        sql = f"from {table_of(node)} where {empty}"
        checks.append(
            Check(f"{node.name}__not_null", f"{'、'.join(filled)} 不为空", sql, [node.name])
        )
    return checks
