"""dbt's documentation of what is published, monthly files as the reference seeds describe them.

YAML beside the files of every month would say the same once more a month: the parse of 121 months
took a third longer with it.
"""

import contextlib
import csv
import sys
from pathlib import Path
from typing import Any

from ywtb.assessment.reference import Reference, month_of
from ywtb.intake.layout import CITY_COLUMN, Feed, FeedColumn, layout_of
from ywtb.project import Project

TARGET = "--target=published"


def write_docs(project: Project) -> bool:
    """Write `target/static_index.html`; whether dbt could."""
    from dbt.cli.main import dbtRunner

    with contextlib.chdir(project.root):
        parsed = dbtRunner().invoke(["--quiet", "parse", TARGET])
        if not parsed.success:
            return False
        describe_monthly_files(project, parsed.result)
        docs = dbtRunner(manifest=parsed.result)
        return bool(docs.invoke(["docs", "generate", "--static", TARGET]).success)


def describe_monthly_files(project: Project, manifest: Any) -> None:
    """Give the seeds of `seeds/raw` and their columns in a parsed manifest their descriptions."""
    from dbt.artifacts.resources import ColumnInfo

    newest = month_of(max(project.score_months()))
    feeds = {feed.name: feed for feed in layout_of(Reference.from_seeds(project, newest)).feeds}
    city = manifest.docs[f"doc.{manifest.metadata.project_name}.{CITY_COLUMN}"].block_contents
    for seed in manifest.nodes.values():
        if seed.resource_type == "seed" and seed.original_file_path.startswith("seeds/raw/"):
            feed = feeds[seed.name.removeprefix("raw_").rpartition("__")[0]]
            said = {CITY_COLUMN: city, feed.key: feed.key_label}
            said |= {column.name: _description(column) for column in feed.columns}
            with (project.root / seed.original_file_path).open(encoding="utf-8-sig") as file:
                header = next(csv.reader(file))
            seed.description = _description(feed)
            seed.columns = {name: ColumnInfo(name, said[name]) for name in header if name in said}


def _description(part: Feed | FeedColumn) -> str:
    return "。".join(dict.fromkeys((part.label, part.description)))


if __name__ == "__main__":
    sys.exit(not write_docs(Project.find(Path.cwd())))
