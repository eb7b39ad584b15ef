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

{#- The windows in which units are counted: a name for columns, and the days. -#}
{% macro unit_windows() -%}
    {{ return([
        ('last_1', 1),
        ('last_7', 7),
        ('last_30', 30),
        ('gap_window', run_context('gap_window_days')),
        ('suggestion_window', run_context('suggestion_window_days')),
    ]) }}
{%- endmacro %}

{% macro longest_window() -%}
    greatest(30, {{ run_context('gap_window_days') }}, {{ run_context('suggestion_window_days') }})
{%- endmacro %}

{#- Feature gaps are found in one window and suggested from a longer one. -#}
{% macro gap_windows() -%}
    select distinct unnest([gap_window_days, suggestion_window_days])::integer as window_days
    from {{ source('run', 'context') }}
{%- endmacro %}

{#- Event dates of up to 62 days as bits of one number: bit 0 is the night's own. -#}
{% macro day_bit(event_date='event_date') -%}
    (1::ubigint << ({{ run_context('as_of') }} - {{ event_date }})::ubigint)
{%- endmacro %}

{% macro days_between(first_date, last_date) -%}
    (((1::ubigint << ({{ last_date }} - {{ first_date }} + 1)::ubigint) - 1) << ({{ run_context('as_of') }} - {{ last_date }})::ubigint)
{%- endmacro %}
