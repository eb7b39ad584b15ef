with events as (

    select * from {{ source('bronze', 'flag_evaluation') }}

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
    flag_key,
    variant,
    unit_id,
    unit_type,
    reason,
    flag_version
from events
