"""dbt's `adapter` for sqlfluff, which lints SQL as it is for DuckDB."""

from ywtb.assessment.sql import dispatch as dispatch
