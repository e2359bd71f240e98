from pathlib import Path
from typing import Any
from ywtb.expectations.results import Result
def write_site(context: Any, results: list[Result], folder: Path) -> Path:
    return folder
