"""Where things are in a checkout of the project."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class ProjectNotFoundError(Exception):
    """No dbt project named `ywtb` in the folder or above it."""


class SettingsError(Exception):
    """dbt_project.yml or a reference seed that cannot be used; the message says what is wrong."""


@dataclass(frozen=True)
class Project:
    """A checkout, by its root folder."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> "Project":
        """Return the project that `start` lies in.

        Raises:
            ProjectNotFoundError: there is none in `start` or above it.
        """
        for folder in (start, *start.parents):
            settings = folder / "dbt_project.yml"
            if settings.is_file() and re.search(rb"(?m)^name: *ywtb\b", settings.read_bytes()):
                return cls(folder)
        raise ProjectNotFoundError(start)

    @property
    def seeds(self) -> Path:
        """Folder of all seeds."""
        return self.root / "seeds"

    @property
    def warehouse(self) -> Path:
        """Folder of built databases."""
        return self.root / "warehouse"

    @property
    def exports(self) -> Path:
        """Folder of what people outside the database receive, one folder per month."""
        return self.root / "exports"

    @property
    def releases(self) -> Path:
        """Folder of releases, one folder each."""
        return self.warehouse / "releases"

    @property
    def building(self) -> Path:
        """Symlink to the release being built; the release target of profiles.yml builds there."""
        return self.warehouse / "building"

    @property
    def published(self) -> Path:
        """The published database: a symlink into a release."""
        return self.warehouse / "ywtb.duckdb"

    def score_months(self) -> list[str]:
        """Months to build as named in dbt_project.yml, such as `2023_06`.

        Raises:
            SettingsError: they are not there, or not a list of texts.
        """
        months = self._variable("score_months")
        if not isinstance(months, list) or not all(isinstance(month, str) for month in months):
            raise SettingsError(f"score_months 为 {months}")
        return list(months)

    def cases(self) -> Path | None:
        """Folder of case records as named in dbt_project.yml; None where none are kept.

        Raises:
            SettingsError: dbt_project.yml cannot be read.
        """
        path = self._variable("case_path")
        return self.root / str(path) if path else None

    def reference(self, name: str) -> list[dict[str, str]]:
        """Rows of the reference seed `name`, every cell as text."""
        return self.seed(f"reference/{name}")

    def seed(self, name: str) -> list[dict[str, str]]:
        """Rows of a seed by its path without suffix, every cell as text."""
        path = self.seeds / f"{name}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def _variable(self, name: str) -> object:
        content = _parsed(settings_text(self.root / "dbt_project.yml"))
        variables = content.get("vars") if isinstance(content, dict) else None
        return variables.get(name) if isinstance(variables, dict) else None


@cache
def _parsed(settings: str) -> Any:
    """The content of dbt_project.yml, which is asked for once per month and more."""
    try:
        return load_yaml(settings)
    except yaml.YAMLError as error:
        raise broken_yaml(error) from error


def load_yaml(text: str) -> Any:
    """The content of a YAML text; read in C, where there is that, it takes a tenth of the time.

    Raises:
        yaml.YAMLError: it is none.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506 (both are safe)


def settings_text(path: Path) -> str:
    """Text of dbt_project.yml.

    Raises:
        SettingsError: it is not in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path.name} 不是 UTF-8 编码的文本") from error


def broken_yaml(error: yaml.YAMLError) -> SettingsError:
    """What is told of a dbt_project.yml that is no YAML."""
    return SettingsError(f"不是完整的 YAML（{' '.join(str(error).split())}）")
