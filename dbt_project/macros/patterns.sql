{#- How many days of counts patterns look back on, the night's own included, and how many things of a kind. -#}
{% macro pattern_days() -%}
    {{ return(56) }}
{%- endmacro %}

{% macro patterns_kept() -%}
    {{ return(100) }}
{%- endmacro %}

{#- The catalogue's indicators, told by ratchet.marts; without it (dbt by hand) there are none. -#}
{% macro learning_patterns() -%}
    {{ return(fromjson(env_var('RATCHET_LEARNING_PATTERNS', '[]'))) }}
{%- endmacro %}

{#- Whether a text shows an indicator: RE2, whatever the case. -#}
{% macro shows(text, regex) -%}
    regexp_matches({{ text }}, '{{ regex | replace("'", "''") }}', 'i')
{%- endmacro %}

{#- How much of a text is read for indicators. -#}
{% macro text_read() -%}
    {{ return(4000) }}
{%- endmacro %}
