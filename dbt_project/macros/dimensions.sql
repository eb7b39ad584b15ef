{#- What usage can be cut by, one at a time; 'all' is the whole. -#}
{% macro dimensions() -%}
    {{ return(['intent', 'agent', 'agent_tier', 'task_type', 'model', 'language', 'service', 'feature']) }}
{%- endmacro %}

{#- A row of many dimensions as a list of (dimension, value); what was not logged is left out, except the intent. -#}
{% macro dimension_list() -%}
    list_filter([
        {'dimension': 'all', 'value': ''},
        {%- for dimension in dimensions() %}
        {'dimension': '{{ dimension }}', 'value': {{ dimension }}},
        {%- endfor %}
    ], lambda cut: cut.value is not null)
{%- endmacro %}
