"""The exports as dbt's exposures tell of them: which models each reads, and the files it offers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ywtb.project import Project, load_yaml

EXPOSURES = "models/_exposures.yml"
_REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True)
class Download:
    """A file for the site to offer.

    Attributes:
        path: within the month's folder, such as `通报.docx`.
        title: what it is.
        note: what it is good for.
    """

    path: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Exposure:
    """What people receive of a month.

    Attributes:
        models: names of the models and seeds that it is made from.
        files: those that it offers, with names in braces where they differ from month to month.
    """

    models: frozenset[str]
    files: tuple[Download, ...]


def exposures(project: Project) -> Mapping[str, Exposure]:
    """The exposures of the project, by name."""
    content = load_yaml((project.root / EXPOSURES).read_text(encoding="utf-8"))
    return {
        each["name"]: Exposure(
            frozenset(_REF.findall(" ".join(each["depends_on"]))),
            tuple(Download(**file) for file in each["config"]["meta"]["files"]),
        )
        for each in content["exposures"]
    }
