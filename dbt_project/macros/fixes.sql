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

{#- Each event of a fingerprint once, as the last landing told it. -#}
{% macro as_last_landed(errors, events) -%}
    qualify
        row_number() over (
            partition by {{ errors }}.fingerprint, {{ events }}.event_id
            order by {{ events }}.landed_date desc, {{ events }}.event_date desc
        ) = 1
{%- endmacro %}

{#- As many events of a fingerprint as are kept. -#}
{% macro newest_cases() -%}
    qualify row_number() over (partition by fingerprint order by occurred_at desc, event_id) <= {{ fix_cases_kept() }}
{%- endmacro %}
