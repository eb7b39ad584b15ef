{#- Numbers for tests/totals_agree.sql: of the landing days just built, of tonight, of the gap window. -#}
{% macro landed(model, number='count(*)') -%}
    (select coalesce({{ number }}, 0) from {{ ref(model) }} where {{ is_pending() }})
{%- endmacro %}

{% macro tonight(model, number) -%}
    (select coalesce({{ number }}, 0) from {{ ref(model) }} where as_of = {{ run_context('as_of') }})
{%- endmacro %}

{#- What tonight computed of trials: those that are closed are carried over. -#}
{% macro computed_tonight(model, number) -%}
    (
        select coalesce({{ number }}, 0) from {{ ref(model) }} as model
        where as_of = {{ run_context('as_of') }} and not exists (
            select 1 from {{ source('run', 'carried') }} as carried
            where model.trial_id = carried.trial_id and model.phase = carried.phase
        )
    )
{%- endmacro %}

{% macro in_gap_window(column) -%}
    (
        select coalesce(sum({{ column }}), 0) from {{ ref('int_requests_daily') }}
        where {{ has_landed() }} and {{ in_window(run_context('gap_window_days')) }}
    )
{%- endmacro %}

{#- Of all rows of what is made anew every night; with `each` once for every row of a table of the same trial. -#}
{% macro number_of(model, each=none, number='count(*)') -%}
    (
        select coalesce({{ number }}, 0) from {{ ref(model) }} as model
        {%- if each %}
        inner join {{ source(*each.split('.')) }} as each on model.trial_id = each.trial_id and model.phase = each.phase
        {%- endif %}
    )
{%- endmacro %}
