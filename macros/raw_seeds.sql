{#- The seeds of one feed, one entry per month that has it: month, file name, relation.

    A month without the file is an error unless the feed is optional. An optional file is found among
    the project's seeds at run time; seeds are the first level of the graph, so with the profile's one
    thread it is loaded by then, and a run that finds it not loaded stops here rather than leave it out. -#}
{% macro raw_seeds(feed, optional=false) -%}
    {%- set seeds = [] -%}
    {%- for month in var('score_months') -%}
        {%- set name = 'raw_' ~ feed ~ '__' ~ month -%}
        {%- if not optional -%}
            {%- do seeds.append({'month': month, 'file': name ~ '.csv', 'relation': ref(name)}) -%}
        {%- elif execute -%}
            {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name == name -%}
                {%- set relation = api.Relation.create(node.database, node.schema, node.alias) -%}
                {%- if flags.WHICH in ('build', 'run') and load_relation(relation) is none -%}
                    {%- do exceptions.raise_compiler_error(
                        'seed ' ~ name ~ ' is not loaded yet: run `dbt build` or `dbt seed` first'
                    ) -%}
                {%- endif -%}
                {%- do seeds.append({'month': month, 'file': name ~ '.csv', 'relation': relation}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(seeds) }}
{%- endmacro %}
