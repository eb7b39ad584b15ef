with calls as (

    select * from {{ ref('stg_api_call') }}
    where {{ is_pending() }}

)

select
    event_date,
    landed_date,
    clock,
    coalesce(service, '') as service,
    api,
    count(*) as calls,
    count(*) filter (
        where coalesce(status_code >= 400, false) or error_type is not null or error is not null
    ) as failures,
from calls
group by all
