with heartbeats as (

    select * from {{ ref('stg_heartbeat') }}
    where {{ is_pending() }}

)

select
    event_date,
    landed_date,
    clock,
    service,
    count(*) as heartbeats,
    count(*) filter (where up) as up,
from heartbeats
group by all
