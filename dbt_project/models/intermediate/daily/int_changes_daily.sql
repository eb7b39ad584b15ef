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
    service,
from changes
where clock = 'real'
