with daily as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

windows as (

    select unnest([1, 7, 30]) as window_days

)

select
    {{ run_context('as_of') }} as as_of,
    windows.window_days,
    daily.level,
    daily.dimension,
    daily.value,
    cast(sum(daily.requests) as bigint) as requests,
    cast(sum(daily.successes) as bigint) as successes,
    cast(sum(daily.failures) as bigint) as failures,
    cast(sum(daily.unknown) as bigint) as unknown,
from daily
inner join windows on {{ in_window('windows.window_days') }}
group by all
