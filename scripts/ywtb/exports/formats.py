"""What a month is exported as: every module or package of `ywtb.exports` with a `FORMAT`.

A new format is one such module; nothing else names it.
"""

import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path

import duckdb

from ywtb import checksums, exports
from ywtb.exports.exposures import Download, Exposure
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

MANIFEST = Download(checksums.MANIFEST, "文件清单", "每个文件的 SHA-256，用于核对")
"""Written when everything else is."""


@dataclass
class Job:
    """The export of a month under way.

    Attributes:
        read: gives the month.
        connection: the release that the month is read from.
        folder: where the files go.
        earlier: where the city's earlier months are, as seen from the month's own folder, such as
            `../2023-05`, by month.
        exposures: what is exported, by name.
        downloads: what was written so far for the site to offer.
        notes: what people should know about the export.
        wait: waits for the files that are written aside.
    """

    read: Callable[[], ReleaseMonth]
    connection: duckdb.DuckDBPyConnection
    folder: Path
    earlier: Mapping[str, str]
    exposures: Mapping[str, Exposure]
    downloads: list[Download] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wait: Callable[[], None] = lambda: None

    @property
    def month(self) -> ReleaseMonth:
        """The month; read again if others were read meanwhile."""
        return self.read()

    @cached_property
    def gained(self) -> Mapping[str, Sequence[Row]]:
        """By unit what `ywtb.release.improve.gains` has of it; nothing of a release of before."""
        from ywtb.release.improve import gains
        from ywtb.release.queries import path_of
        from ywtb.release.replay import NoScoringError

        month = self.month
        with suppress(NoScoringError):
            city_code = month.city["city_code"]
            return grouped(gains(path_of(self.connection), month.month, city_code), "unit_id")
        return {}

    def files(self, exposure: str, **names: object) -> list[Download]:
        """The files of an exposure, in order, with the names that they leave open filled in."""
        return [
            Download(*(text.format(**names) for text in (each.path, each.title, each.note)))
            for each in self.exposures[exposure].files
        ]


Aside = Callable[[Sequence[Job]], AbstractContextManager[Callable[[Job], None]]]


@dataclass(frozen=True)
class Format:
    """A format of the exports.

    Attributes:
        order: its place among the formats, when they are written and where they are offered.
        write: writes its files and adds what the site shall offer to the job's downloads.
        lacks: whether files could be written by now that an earlier export, which wrote the files
            of the given names, had to leave out.
        aside: work on what was written of all months, which goes on while later formats are
            written; gives a function that waits for the files of one month.
    """

    order: int
    write: Callable[[Job], None]
    lacks: Callable[[Collection[str]], bool] = lambda files: False
    aside: Aside | None = None


def formats() -> list[Format]:
    """All formats, in order."""
    modules = [
        import_module(f"{exports.__name__}.{each.name}")
        for each in pkgutil.iter_modules(exports.__path__)
    ]
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return sorted(found, key=lambda each: each.order)
