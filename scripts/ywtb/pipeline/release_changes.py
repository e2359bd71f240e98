"""What a release changes of the public tables and their columns: `audit.release_changes`."""

from contextlib import suppress
from pathlib import Path

import duckdb

from ywtb.assessment.sql import literal

COLUMNS = """
select schema_name || '.' || table_name as table_name, column_name, data_type
from duckdb_columns()
where database_name = {database} and schema_name in ('marts', 'audit')
"""

CHANGES = """
with old as ({old}), new as ({new}), changed as (
    select
        coalesce(new.table_name, old.table_name) as table_name,
        coalesce(new.column_name, old.column_name) as column_name,
        old.data_type as old_type,
        new.data_type as new_type
    from old full join new using (table_name, column_name)
    where old.data_type is distinct from new.data_type
), named as (
    select
        table_name,
        case
            when table_name in (select table_name from old)
                and table_name in (select table_name from new) then column_name
        end as column_name,
        old_type,
        new_type
    from changed
)
select distinct
    {release} as release_id,
    case
        when old_type is null then 'added' when new_type is null then 'removed' else 'changed'
    end as change,
    table_name,
    column_name,
    case when column_name is not null then old_type end as old_type,
    case when column_name is not null then new_type end as new_type
from named
order by table_name, column_name
"""


def write_release_changes(
    connection: duckdb.DuckDBPyConnection, published: Path, release: str
) -> None:
    """Keep what the published release tells, and add what differs from it.

    Args:
        connection: the new release, open for writing.
        published: database of the published release.
        release: id of the new one.
    """
    connection.execute(f"attach {literal(str(published))} as previous (read_only)")
    try:
        with suppress(duckdb.CatalogException):  # of earlier code
            connection.execute(
                "insert into audit.release_changes from previous.audit.release_changes"
            )
        old, new = (
            COLUMNS.format(database=database) for database in ("'previous'", "current_database()")
        )
        changes = CHANGES.format(old=old, new=new, release=literal(release))
        connection.execute(f"insert into audit.release_changes {changes}")
    finally:
        connection.execute("detach previous")
