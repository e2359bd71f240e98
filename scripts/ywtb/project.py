"""Where things are in a checkout of the project."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class ProjectNotFoundError(Exception):
    """No dbt project named `ywtb` in the folder or above it."""


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
            if settings.is_file() and _load_yaml(settings).get("name") == "ywtb":
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
        """Months to build as named in dbt_project.yml, such as `2023_06`."""
        settings = _load_yaml(self.root / "dbt_project.yml")
        return [str(month) for month in settings.get("vars", {}).get("score_months") or []]

    def reference(self, name: str) -> list[dict[str, str]]:
        """Rows of the reference seed `name`, every cell as text."""
        return self.seed(f"reference/{name}")

    def seed(self, name: str) -> list[dict[str, str]]:
        """Rows of a seed by its path without suffix, every cell as text."""
        path = self.seeds / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def _load_yaml(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
