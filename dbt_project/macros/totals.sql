{#- Numbers for tests/totals_agree.sql: of the landing days just built, of tonight, of the gap window. -#}

{#- A number of what has just landed in a model. It is noted in `asked`, so that `landed_totals` reads a model once. -#}
{% macro landed(asked, model, number='count(*)') -%}
    {%- set numbers = asked.setdefault(model, []) -%}
    {%- if number not in numbers -%}{%- do numbers.append(number) -%}{%- endif -%}
    (select number_{{ numbers.index(number) }} from landed_{{ model }})
{%- endmacro %}

{#- One row of all the numbers that were asked of each model. -#}
{% macro landed_totals(asked) -%}
    {%- for model, numbers in asked.items() %}
landed_{{ model }} as (

    select
        {%- for number in numbers %}
        coalesce({{ number }}, 0) as number_{{ loop.index0 }},
        {%- endfor %}
    from {{ ref(model) }}
    where {{ is_pending() }}

),
    {% endfor %}
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
