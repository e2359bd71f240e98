{#- What feeds there are is data, and a month may come without an optional one, so files are found
    among the project's seeds when the model runs, not by `ref`. Seeds are the first level of the
    graph and `feeds` is one of them, so whatever refs it runs, with the profile's one thread, after
    all of them; a file that is not loaded by then stops the run rather than being left out. -#}
{% macro raw_files(feeds) -%}
    {%- set files = [] -%}
    {%- if execute and load_relation(feeds) is not none -%}
        {%- set tables = {} -%}
        {%- for row in adapter.dispatch('columns_of_files')(feeds) -%}
            {%- do tables.setdefault(row['table_name'], []).append(row) -%}
        {%- endfor -%}
        {%- set last = (last_month_kept() or '') | string -%}
        {%- for node in graph.nodes.values() | sort(attribute='name') -%}
            {%- set month = node.name.split('__') | last -%}
            {%- if node.resource_type == 'seed' and node.name.startswith('raw_')
                and month in var('score_months') and month.replace('_', '-') > last[:7] -%}
                {%- if node.name in tables -%}
                    {%- set rows = tables[node.name] -%}
                    {%- set key = rows[0]['key_column'] -%}
                    {%- set names = rows | map(attribute='column_name') | list -%}
                    {%- do files.append({
                        'relation': api.Relation.create(node.database, node.schema, node.alias),
                        'file': node.name ~ '.csv',
                        'month': month.replace('_', '-') ~ '-01',
                        'feed': rows[0]['feed_code'],
                        'key': key,
                        'has_city': 'city_code' in names,
                        'columns': names | reject('in', [key, 'city_code']) | list,
                    }) -%}
                {%- elif flags.WHICH in ('build', 'run') -%}
                    {%- do exceptions.raise_compiler_error(
                        'seed ' ~ node.name ~ ' is of no feed in feeds.csv, or not loaded yet: '
                        ~ 'run `dbt build` or `dbt seed` first'
                    ) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(files) }}
{%- endmacro %}

{% macro default__columns_of_files(feeds) -%}
    {{ return(run_query(
        "select columns.table_name, feeds.feed_code, feeds.key_column, columns.column_name "
        ~ "from information_schema.columns as columns inner join " ~ feeds ~ " as feeds "
        ~ "on starts_with(columns.table_name, 'raw_' || feeds.feed_code || '__') "
        ~ "where columns.table_catalog = '" ~ feeds.database ~ "' "
        ~ "order by columns.table_name, columns.ordinal_position"
    )) }}
{%- endmacro %}

{% macro spark__columns_of_files(feeds) -%}
    {%- set found = [] -%}
    {%- set feeds = run_query('select feed_code, key_column from ' ~ feeds) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' -%}
        {%- for feed in feeds if node.name.startswith('raw_' ~ feed['feed_code'] ~ '__') -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
            {%- for column in adapter.get_columns_in_relation(relation) -%}
                {%- do found.append({
                    'table_name': node.name,
                    'feed_code': feed['feed_code'],
                    'key_column': feed['key_column'],
                    'column_name': column.name,
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
