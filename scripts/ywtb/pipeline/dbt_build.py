"""One dbt build in this process: one parse, one build, and what failed with the rows it found."""

import contextlib
import gc
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.problem import Failure
from ywtb.project import Project
from ywtb.release.replay import CHANGES, Check, Model, Scoring

TARGET_PATH = "target/release"
"""Kept apart from `target/`, so that an analyst's dbt and a refresh do not share a parse."""

FAILING_ROWS = 1000
"""The most rows shown of one failing test."""


CASES = "cases"
"""Schema of what is made of case records."""

PRINTED = "int_annex_cells"
"""The model in which all that is scored ends: what it needs is kept in the release."""


@contextlib.contextmanager
def _collector_rests() -> Iterator[None]:
    """Have the garbage collector let alone what dbt makes: that stays, and there is much of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Build:
    """A dbt build of the release target, or another, in two steps: `parse`, then `run`."""

    @_collector_rests()
    def __init__(
        self,
        project: Project,
        target: str = "release",
        database: Path | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """Import dbt, which takes longer than anything else that is imported here.

        Args:
            project: the checkout.
            target: of profiles.yml.
            database: what the target builds; by default the release being built.
            variables: in place of those of dbt_project.yml.
        """
        os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        from dbt.cli.main import dbtRunner

        self._runner = dbtRunner
        self._root = project.root
        self._database = database or project.building / "ywtb.duckdb"
        self._options = [
            "--log-level=none",
            "--no-print",
            "--no-write-json",  # a manifest takes as long to write as many models to build
            f"--log-path={project.root / 'logs'}",
        ]
        self._arguments = [
            f"--project-dir={project.root}",
            f"--profiles-dir={project.root}",
            f"--target-path={project.root / TARGET_PATH}",
            f"--target={target}",
            f"--vars={json.dumps(variables or {})}",
        ]
        self._manifest: Any = None
        self._built: list[Any] = []
        self.test_count = 0
        """Data tests that passed."""

    @_collector_rests()
    def parse(self) -> list[Failure]:
        """Parse the project; a failure means that nothing can be built.

        Where a YAML file of tests has changed, dbt 1.11 forgets what it says of those in SQL files
        that have not: then it parses all anew.
        """
        parse = [*self._options, "parse", *self._arguments]
        result = self._runner().invoke(parse)
        if result.success and any(
            node.original_file_path.endswith(".sql") and not node.description
            for node in result.result.nodes.values()
            if node.resource_type == "test"
        ):
            result = self._runner().invoke([*parse, "--no-partial-parse"])
        self._manifest = result.result
        return [] if result.success else [Failure("dbt parse", str(result.exception))]

    def run(
        self, seeds: Iterable[str] | None = None, left_out: Iterable[str] = ()
    ) -> list[Failure]:
        """Load, build and test everything but unit tests, which belong to `make test`.

        Args:
            seeds: names of those to load and test, where the database has the others; by default
                all.
            left_out: selectors of what is not built.

        Returns:
            What failed, every test with the first rows it found; the database is closed by then.
        """
        arguments = ["build", *self._arguments, "--exclude-resource-type=unit_test"]
        if seeds is not None:
            # Models wait for the files of a month by waiting for `feeds`, see `raw_files`.
            arguments += ["--select", "resource_type:model", "test_type:singular", "feeds", *seeds]
        arguments += [part for each in left_out for part in ("--exclude", each)]
        result = self._invoke(arguments)
        if result.exception is not None:
            return [Failure("dbt build", str(result.exception))]
        nodes = (outcome.node for outcome in result.result.results)
        self._built = _in_order(node for node in nodes if node.resource_type in ("model", "test"))
        self.test_count = sum(str(outcome.status) == "pass" for outcome in result.result.results)
        return [
            Failure(outcome.node.name, outcome.node.description, self._failing_rows(outcome))
            if str(outcome.status) == "fail"
            else Failure(outcome.node.name, str(outcome.message))
            for outcome in result.result.results
            if str(outcome.status) in ("error", "fail", "runtime error")
        ]

    def compiled(self, selectors: Iterable[str]) -> list[Any]:
        """Nodes of any of the selectors with their compiled SQL, each after those that it reads.

        Raises:
            RuntimeError: one does not compile.
        """
        result = self._invoke(["compile", *self._arguments, "--select", *selectors])
        if not result.success:
            raise RuntimeError(str(result.exception or result.result))
        return _in_order(outcome.node for outcome in result.result.results)

    def scoring(self) -> Scoring:
        """What was run to score, print and compare months, and the data tests of what is printed.

        Tests of texts are left out. Models that read nothing but seeds are what it starts from, and
        those of case records, of which there may be millions.
        """
        nodes = self._manifest.nodes
        last = [node.unique_id for node in self._built if node.name == PRINTED]
        needed = with_ancestors(self._built, last)
        compared = {node.unique_id for node in self._built if node.name in CHANGES}
        models = {
            node.unique_id: Model(
                node.name,
                table_of(node),
                sorted(set(self._tables_read(node))),
                node.compiled_code,
            )
            for node in self._built
            if node.unique_id in needed | compared
            and node.config.schema != CASES
            and any(nodes[parent].resource_type == "model" for parent in node.depends_on.nodes)
        }
        checks = [
            Check(node.name, node.description, node.compiled_code)
            for node in self._built
            if node.resource_type == "test"
            and needed.issuperset(node.depends_on.nodes)
            and not models.keys().isdisjoint(node.depends_on.nodes)
            and not node.config.meta.get("is_of_texts")
        ]
        return Scoring(list(models.values()), checks)

    def _tables_read(self, node: Any) -> Iterator[str]:
        """Tables that a model reads; what is part of its SQL is no table."""
        for parent in map(self._manifest.nodes.__getitem__, node.depends_on.nodes):
            if parent.config.materialized == "ephemeral":
                yield from self._tables_read(parent)
            else:
                yield table_of(parent)

    @property
    def nodes(self) -> Mapping[str, Any]:
        """All nodes of the parsed project, by id."""
        return dict(self._manifest.nodes)

    @_collector_rests()
    def _invoke(self, arguments: list[str]) -> Any:
        """Run dbt at the root, from which the profile's paths count."""
        with contextlib.chdir(self._root), _database_closed_after():
            return self._runner(manifest=self._manifest).invoke([*self._options, *arguments])

    def _failing_rows(self, outcome: Any) -> list[dict[str, Any]]:
        with duckdb.connect(str(self._database), read_only=True) as connection:
            found = connection.sql(outcome.node.compiled_code).limit(FAILING_ROWS)
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def table_of(node: Any) -> str:
    """Schema and name of what a node makes."""
    return f"{node.schema}.{node.alias}"


def _in_order(nodes: Iterable[Any]) -> list[Any]:
    """Nodes, each after those that it reads, in an order that follows from nothing but these."""
    by_id = {node.unique_id: node for node in sorted(nodes, key=lambda node: node.unique_id)}
    graph = TopologicalSorter({key: node.depends_on.nodes for key, node in by_id.items()})
    return [by_id[key] for key in graph.static_order() if key in by_id]


def with_ancestors(nodes: Sequence[Any], wanted: Iterable[str]) -> set[str]:
    """Ids of nodes with all that they follow from, as far as `nodes` have it.

    Args:
        nodes: each after those that it reads.
        wanted: ids.
    """
    needed = set(wanted)
    for node in reversed(nodes):
        if node.unique_id in needed:
            needed.update(node.depends_on.nodes)
    return needed


@contextlib.contextmanager
def _database_closed_after() -> Iterator[None]:
    """Leave no connection behind: dbt keeps the file open after a build."""
    try:
        yield
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters

        reset_adapters()
        DuckDBConnectionManager.close_all_connections()
