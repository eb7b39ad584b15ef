{#
    How models learn which night it is. `run.context` (one row) and `run.pending` (landing days to build again) are
    written by ratchet.warehouse before every build; these macros are the only place outside staging that reads a source.

    ratchet.marts hands the row over a second time, as literals in RATCHET_CONTEXT: with them the warehouse skips what
    lies outside a window without reading it. Without them (unit tests, dbt by hand) the row itself is read.
#}
{% macro run_context(column) -%}
    {%- set context_row = source('run', 'context') -%}
    {%- set literals = fromjson(env_var('RATCHET_CONTEXT', '{}')) -%}
    {{ literals[column] if column in literals else '(select ' ~ column ~ ' from ' ~ context_row ~ ')' }}
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

{#- The windows that usage is counted in, and those in which feature gaps are found and suggested. -#}
{% macro usage_windows() -%}
    {{ return(['1', '7', '30']) }}
{%- endmacro %}

{% macro feedback_windows() -%}
    {{ return(['7', '30']) }}
{%- endmacro %}

{% macro gap_windows() -%}
    {{ return([run_context('gap_window_days'), run_context('suggestion_window_days')]) }}
{%- endmacro %}

{% macro unit_windows() -%}
    {{ return(usage_windows() + gap_windows()) }}
{%- endmacro %}

{% macro longest_window() -%}
    greatest({{ unit_windows() | join(', ') }})
{%- endmacro %}

{#- One row per window and event date in it; `reach` windows of that length, counted back from the night. -#}
{% macro window_dates(windows, reach=1) -%}
    select distinct
        lengths.window_days,
        {{ run_context('as_of') }} - cast(ages.age as integer) as event_date,
        ages.age < lengths.window_days as is_current,
    from unnest([{{ windows | join(', ') }}]::integer[]) as lengths (window_days)
    inner join range({{ reach }} * greatest({{ windows | join(', ') }})) as ages (age)
        on ages.age < {{ reach }} * lengths.window_days
{%- endmacro %}

{#- Event dates as bits of one number, for as many days as key figures look back: bit 0 is the night's own. -#}
{% macro day_bit(event_date='event_date') -%}
    (1::ubigint << ({{ run_context('as_of') }} - {{ event_date }})::ubigint)
{%- endmacro %}

{% macro days_between(first_date, last_date) -%}
    (((1::ubigint << ({{ last_date }} - {{ first_date }} + 1)::ubigint) - 1) << ({{ run_context('as_of') }} - {{ last_date }})::ubigint)
{%- endmacro %}

{#- How many days key figures and health show, the night's own included. -#}
{% macro days_shown() -%}
    {{ return(28) }}
{%- endmacro %}

{#- How many days of key figures trends and forecasts look back on, the night's own included. -#}
{% macro days_of_history() -%}
    {{ return(84) }}
{%- endmacro %}

{#- What that needs: every day, and the week before the first day of which a week is shown. -#}
{% macro days_read() -%}
    {{ return([days_of_history(), days_shown() + 6] | max) }}
{%- endmacro %}

{% macro last_dates(days) -%}
    select {{ run_context('as_of') }} - cast(unnest(range({{ days }})) as integer) as metric_date
{%- endmacro %}

{% macro dates_shown() -%}
    {{ last_dates(days_shown()) }}
{%- endmacro %}

{#- The trials that the marts of experiments are about: `trials`, `trial_variants` or `trial_metrics`. -#}
{% macro run_table(name) -%}
    select * from {{ source('run', name) }}
{%- endmacro %}

{#- Whose first exposures an audit of one night looks at: those that landed in as many days. -#}
{% macro audited_days() -%}
    {{ return(7) }}
{%- endmacro %}

{#- An error lands so many days after the request that it hit at the most, and is so many steps below it. -#}
{% macro error_reach_days() -%}
    {{ return(7) }}
{%- endmacro %}

{% macro deepest_step() -%}
    {{ return(20) }}
{%- endmacro %}
