{%- set indicators = learning_patterns() -%}
{%- set any_of = '(?:' ~ indicators | map(attribute='regex') | join(')|(?:') ~ ')' -%}
with validations as (

    select * from {{ ref('stg_validation') }}
    where {{ is_pending() }}

),

interactions as (

    select * from {{ ref('stg_interaction') }}
    where {{ is_pending() }}

),

errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }}

),

texts as (

    select event_date, landed_date, cast(findings as varchar) as text from validations
    union all
    select event_date, landed_date, response_text as text from interactions
    union all
    select event_date, landed_date, message as text from errors

),

counted as (

    select
        event_date,
        landed_date,
        left(text, {{ text_read() }}) as text,
        count(*) as n,
    from texts
    where text <> ''
    group by all

),

shown as (

    select
        event_date,
        landed_date,
        n,
        unnest(list_filter([
            {%- for indicator in indicators %}
            case when {{ shows('text', indicator.regex) }} then '{{ indicator.name | replace("'", "''") }}' end,
            {%- endfor %}
            null::varchar
        ], lambda name: name is not null)) as indicator,
    from counted
    -- most texts show nothing: one expression for all of them is read first
    where {{ shows('text', any_of) if indicators else 'false' }}

)

select
    event_date,
    landed_date,
    indicator,
    cast(sum(n) as bigint) as texts,
from shown
group by all
