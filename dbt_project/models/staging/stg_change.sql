with events as (

    select * from {{ source('bronze', 'change') }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    clock,
    {{ unit_id() }} as unit,
    {{ unit_kind() }} as unit_kind,
    user_id,
    session_id,
    trace_id,
    service,
    release,
    environment,
    published_version,
    attributes,
    kind,
    target,
    before,
    after,
    ended_at
from events
