with changes as (

    select * from {{ ref('stg_change') }}
    where {{ is_pending() }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    kind,
    target,
    before,
    after,
    ended_at,
    service,
from changes
where clock = 'real'
