{#- What fixes are fitted to and replayed on: how much of it is kept of a day, and of the 35 days of a night. -#}
{% macro failures_kept_a_day() -%}
    {{ return(200) }}
{%- endmacro %}

{% macro successes_kept_a_day() -%}
    {{ return(50) }}
{%- endmacro %}

{% macro fix_cases_kept() -%}
    {{ return(400) }}
{%- endmacro %}

{% macro errors_with_cases() -%}
    {{ return(60) }}
{%- endmacro %}

{#- A longer text would make a night carry what only one replay reads; without it a case is unreplayable. -#}
{% macro at_most(text, length=16000) -%}
    case when length({{ text }}) <= {{ length }} then {{ text }} end
{%- endmacro %}

{#- An attempt of a call went wrong, or well. -#}
{% macro attempt_failed() -%}
    (error_type is not null or error is not null or coalesce(status_code, 200) >= 400)
{%- endmacro %}

{#- Which call of the application an event is about, as it says itself; else the API. -#}
{% macro operation_of(json, otherwise) -%}
    coalesce(nullif(json_extract_string({{ json }}, '$.operation'), ''), {{ otherwise }})
{%- endmacro %}

{#- What ties an error to the attempts of its call. -#}
{% macro request_key() -%}
    coalesce(trace_id, interaction_id)
{%- endmacro %}
