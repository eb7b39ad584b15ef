{#
    How models learn which night it is. `run.context` (one row) and `run.pending` (landing days to build again) are
    written by ratchet.warehouse before every build; these macros are the only place outside staging that reads a source.
#}
{% macro run_context(column) -%}
    (select {{ column }} from {{ source('run', 'context') }})
{%- endmacro %}

{% macro is_pending(landed_date='landed_date') -%}
    {{ landed_date }} in (select landed_date from {{ source('run', 'pending') }})
{%- endmacro %}

{#- What had landed by the night and counts in its history. -#}
{% macro has_landed(landed_date='landed_date') -%}
    {{ landed_date }} between {{ run_context('history_start') }} and {{ run_context('as_of') }}
{%- endmacro %}

{#- The last `days` event dates, the night's own included. -#}
{% macro in_window(days, event_date='event_date') -%}
    {{ event_date }} between {{ run_context('as_of') }} - cast({{ days }} - 1 as integer) and {{ run_context('as_of') }}
{%- endmacro %}
