{#- What usage can be cut by besides the intent; a cut by one of them holds only what was logged with a value for it. -#}
{% macro setting_dimensions() -%}
    {{ return(['agent', 'agent_tier', 'task_type', 'model', 'language', 'service', 'feature']) }}
{%- endmacro %}

{#- All values that interactions are counted by together; every daily statistic of theirs is keyed by its hash. -#}
{% macro combination_columns() -%}
    {{ return(['clock', 'level', 'intent'] + setting_dimensions()) }}
{%- endmacro %}

{#- A hash over columns that tells '' from NULL and does not depend on where one value ends. -#}
{% macro hash_of(columns, table='') -%}
    md5_number_lower(concat_ws(chr(31)
        {%- for column in columns %}, coalesce('=' || replace({{ table ~ '.' if table }}{{ column }}, chr(31), ' '), '-'){% endfor -%}
    ))
{%- endmacro %}

{#- A row's values as a list of (dimension, value), the whole ('all') among them. -#}
{% macro cuts() -%}
    list_filter([
        {'dimension': 'all', 'value': ''},
        {%- for column in ['intent'] + setting_dimensions() %}
        {'dimension': '{{ column }}', 'value': {{ column }}},
        {%- endfor %}
    ], lambda cut: cut.value is not null)
{%- endmacro %}
