"""dbt's `adapter` as sqlfluff needs it: SQL is linted as it is written for DuckDB."""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro_name: str) -> Callable[..., Any]:
    """Return the macro of that name for engines that have none of their own."""
    macro: Callable[..., Any] = context[f"default__{macro_name}"]
    return macro
