{#- What is counted by the hour, so that budgets burn and seasons are seen; health and the hourly check read it. -#}
{% macro hour_keys() -%}
    date_trunc('hour', occurred_at) as metric_hour, event_date, landed_date, coalesce(service, '') as service
{%- endmacro %}

{% macro hour_sums() -%}
    {{ return([
        'requests', 'successes', 'failures', 'errors', 'api_calls', 'api_failures', 'heartbeats', 'heartbeats_up',
    ]) }}
{%- endmacro %}

{#- Minutes of an hour as bits of one number: sets that are joined by `bit_or`, whenever their events landed. -#}
{% macro hour_minutes() -%}
    {{ return(['answered_minutes', 'up_minutes', 'down_minutes']) }}
{%- endmacro %}

{% macro minute_bit(occurred_at='occurred_at') -%}
    (1::bigint << minute({{ occurred_at }}))
{%- endmacro %}

{#- How many days of hours the marts show: four weeks before the night's day, an hour to either side. -#}
{% macro hour_days() -%}
    {{ return(30) }}
{%- endmacro %}

{#- The status that an error's text names, which its template does not keep. -#}
{% macro status_code(column) -%}
    coalesce(regexp_extract({{ column }}, '\b([45][0-9]{2})\b', 1), '')
{%- endmacro %}

{% macro api_call_failed() -%}
    coalesce(status_code >= 400, false) or error_type is not null or error is not null
{%- endmacro %}
