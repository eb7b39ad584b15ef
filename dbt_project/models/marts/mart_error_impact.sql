with daily as (

    select * from {{ ref('int_error_impact_daily') }}
    where {{ has_landed() }} and {{ in_window(7) }}

),

groups as (

    select * from {{ ref('int_error_groups') }}

)

select
    {{ run_context('as_of') }} as as_of,
    groups.fingerprint,
    cast(sum(daily.measured) as bigint) as measured,
    cast(sum(daily.impact_ms) as bigint) / 60000.0::double as impact_minutes,
from daily
inner join groups on daily.error_key = groups.error_key
group by groups.fingerprint
