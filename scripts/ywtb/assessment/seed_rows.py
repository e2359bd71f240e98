"""Seeds that the commands write: read as texts, replaced in one step."""

import csv
import io
import os
from collections.abc import Mapping, Sequence

from ywtb.project import Project


def write_rows(project: Project, seed: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace the rows of a seed; its columns stay, what a row has no value for is blank.

    Args:
        project: the checkout; its lock is held.
        seed: its path without suffix, such as `reference/months`.
        rows: values by column.
    """
    path = project.seeds / f"{seed}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        columns = next(csv.reader(file))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if each is None else str(each) for name, each in row.items()})
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
