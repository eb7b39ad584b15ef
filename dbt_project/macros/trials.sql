{#- Whether a window of a unit begins or ends on a day, that of its covariate aside. -#}
{% macro has_an_end(event_date) -%}
    {{ event_date }} in (
        cast(units.first_exposed_at as date),
        cast(units.outcomes_until as date),
        cast(units.phase_started_at as date),
        cast(units.ever_exposed_at as date)
    )
{%- endmacro %}

{%- macro windows_of_units() -%}
    units.unit_no,
        units.first_exposed_at,
        units.outcomes_until,
        units.phase_started_at,
        units.ever_exposed_at
{%- endmacro %}

{#- What stands for a day that no window ends on. -#}
{% macro whole_day(fields) -%}
    {'at': cast(event_date as timestamp){% for field in fields %}, '{{ field }}': null::double{% endfor %}}
{%- endmacro %}

{#- Whether an event lies in the conversion window (y) or in the days before the unit met the flag (x). -#}
{% macro is_in_window(window) -%}
    {%- if window == 'y' -%} event.at >= first_exposed_at and event.at < outcomes_until
    {%- else -%} event.at >= covariate_from and event.at < ever_exposed_at
    {%- endif -%}
{%- endmacro %}

{#-
    Sums of products of doubles that do not depend on the order of rows: values are counted in units of 1 / scale, a
    power of two chosen so that the largest of them needs 42 bits and the sum of their squares fits 128.
-#}
{% macro scale_of(value) -%}
    pow(2.0, 42 - ceil(log2(greatest(coalesce(max(abs({{ value }})), 0), 1e-12))))
{%- endmacro %}

{% macro scaled_sum(value, scale) -%}
    cast(coalesce(sum(cast(round(({{ value }}) * {{ scale }}) as hugeint)), 0) as double) / {{ scale }}
{%- endmacro %}

{#- Tonight's rows of trials that are closed: those of the night that they were last computed for. -#}
{% macro carried_rows() -%}
    select {{ run_context('as_of') }} as as_of, computed.* exclude (as_of)
    from {{ this }} as computed
    inner join {{ source('run', 'carried') }} as carried
        on computed.trial_id = carried.trial_id
        and computed.phase = carried.phase
        and computed.as_of = carried.computed_as_of
{%- endmacro %}
