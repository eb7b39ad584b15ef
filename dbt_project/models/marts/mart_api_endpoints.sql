with daily as (

    select * from {{ ref('int_api_endpoints_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

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
from daily
group by api, method, path_template
