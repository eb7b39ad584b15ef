{#
    dbt-duckdb's own materializations copy through a temporary table and rename relations; over forty models that costs
    more than a night's SQL. Ours say what a layer does: replace a view, append to a table whose partition was just
    forgotten by the pre-hook, in one transaction.
#}
{% materialization view, adapter='duckdb' -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {% call statement('main') -%}
        create or replace view {{ target_relation }} as {{ compiled_code }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{% materialization table, adapter='duckdb' -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as {{ compiled_code }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{#- A contract is checked when its table is made; from then on the table's own types and constraints keep it. -#}
{% materialization incremental, adapter='duckdb' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is none or should_full_refresh() -%}
        {% do drop_relation_if_exists(existing_relation) %}
        {% call statement('main') -%}
            {{ create_table_as(False, target_relation, compiled_code) }}
        {%- endcall %}
    {%- else -%}
        {% call statement('main') -%}
            insert into {{ target_relation }} by name {{ compiled_code }}
        {%- endcall %}
    {%- endif %}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
