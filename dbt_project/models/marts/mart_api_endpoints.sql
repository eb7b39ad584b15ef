with daily as (

    select * from {{ ref('int_api_endpoints_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

by_date as (

    select
        event_date,
        api,
        method,
        path_template,
        cast(sum(calls) as bigint) as calls,
        cast(sum(failures) as bigint) as failures,
        {{ merged('parameters') }} as parameters,
        {{ merged('sent') }} as sent,
    from daily
    group by event_date, api, method, path_template

)

select
    {{ run_context('as_of') }} as as_of,
    api,
    method,
    path_template,
    cast(sum(calls) as bigint) as calls,
    cast(sum(failures) as bigint) as failures,
    count(distinct event_date) as days,
    {{ merged('parameters') }} as parameters,
    {{ merged('sent') }} as sent,
    list(event_date order by event_date) as dates,
    list(calls order by event_date) as calls_on,
    list(failures order by event_date) as failures_on,
from by_date
group by api, method, path_template
