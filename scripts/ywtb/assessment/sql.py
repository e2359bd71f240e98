"""The project's SQL without dbt: its macros, and the models that need nothing but seeds.

What must be known before anything is built is read by the very text that the build runs: dbt's
templates are Jinja, and `ref`, `var` and `adapter.dispatch` are all that these use of dbt.
"""

import csv
import glob
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2

from ywtb.project import Project, SettingsError, load_yaml

SEED_FOLDERS = ("reference", "errata")
"""Folders of seeds that say what a month is measured by; each is a schema of the same name."""

CSV_OPTIONS = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"'"


class BrokenSeedError(SettingsError):
    """A seed that its declared types do not fit."""

    def __init__(self, name: str, error: Exception) -> None:
        """Name the seed, with the reason but not the advice that DuckDB gives."""
        super().__init__(f"{name} 无法读取：{' '.join(str(error).split(chr(10))[:3])}")


@jinja2.pass_context
def dispatch(context: jinja2.runtime.Context, macro: str) -> Callable[..., Any]:
    """Return a macro as DuckDB needs it, where other engines have versions of their own."""
    default: Callable[..., Any] = context[f"default__{macro}"]
    return default


def templates(project: Project, **names: object) -> jinja2.Environment:
    """Templates by their path in the project, in which every macro can be called by its name.

    Args:
        project: the checkout; a macro's file is named after it.
        names: what else the templates use, such as `ref`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(project.root),
        autoescape=jinja2.select_autoescape(),  # not for SQL
        extensions=["jinja2.ext.do"],
        undefined=jinja2.StrictUndefined,
    )

    def macro(path: Path) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> Any:
            module = environment.get_template(f"macros/{path.name}").module
            return getattr(module, path.stem)(*arguments, **named)

        return call

    environment.globals.update(
        {path.stem: macro(path) for path in project.root.glob("macros/*.sql")}
        | {"adapter": SimpleNamespace(dispatch=dispatch)}
        | names
    )
    return environment


def expression(environment: jinja2.Environment, macro: str, *arguments: str) -> str:
    """The SQL of a macro, such as `clean_text` of a column."""
    call: Any = environment.globals[macro]
    return str(call(*arguments)).strip()


def rules_database(
    project: Project, months: Sequence[date], models: Iterable[str]
) -> duckdb.DuckDBPyConnection:
    """The reference and errata seeds in memory, and models of `intermediate` that they feed.

    Schemas and names are those of a release. The months are `months`, built or not.

    Raises:
        BrokenSeedError: a seed that is not there or cannot be read as its YAML declares it.
    """
    connection = duckdb.connect(":memory:", config={"threads": 1})
    schemas = {}
    for folder in SEED_FOLDERS:
        connection.execute(f"create schema {folder}")
        types = _seed_types(project.seeds / folder)
        for path in sorted((project.seeds / folder).glob("*.csv")):
            load_csv(connection, f"{folder}.{path.stem}", path, types.get(path.stem, {}))
            schemas[path.stem] = folder
    connection.execute("create schema intermediate")

    def ref(name: str) -> str:
        if name not in schemas:
            try:
                sql = environment.get_template(f"models/intermediate/{name}.sql").render()
                connection.execute(f"create view intermediate.{name} as {sql}")
            except (jinja2.TemplateNotFound, duckdb.Error) as error:
                raise BrokenSeedError(name, error) from error
            schemas[name] = "intermediate"
        return f"{schemas[name]}.{name}"

    def var(name: str, default: object = None) -> object:
        return {"score_months": [f"{month:%Y_%m}" for month in months]}.get(name, default)

    environment = templates(project, ref=ref, var=var)
    for model in models:
        ref(model)
    return connection


def literal(text: str) -> str:
    """A text as SQL writes it. DuckDB imports pandas, a quarter of a second, for any parameter."""
    return "'" + text.replace("'", "''") + "'"


def _seed_types(folder: Path) -> dict[str, dict[str, str]]:
    """Declared column types by seed; what is not declared is text (`create_csv_table`)."""
    declared = load_yaml((folder / f"_{folder.name}__seeds.yml").read_text(encoding="utf-8"))
    return {
        seed["name"]: seed.get("config", {}).get("column_types", {}) for seed in declared["seeds"]
    }


def load_csv(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, types: dict[str, str]
) -> None:
    """Make a table of a seed; columns without a type are text.

    Raises:
        BrokenSeedError: it cannot be read as `types` say.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = next(csv.reader(file), [])
        columns = ", ".join(
            f"{literal(name)}: {literal(types.get(name, 'varchar'))}" for name in header
        )
        options = f"columns = {{{columns}}}, {CSV_OPTIONS}"
        file_name = literal(glob.escape(str(path)))
        connection.execute(f"create table {table} as from read_csv({file_name}, {options})")
    except (csv.Error, duckdb.Error) as error:
        raise BrokenSeedError(path.name, error) from error
