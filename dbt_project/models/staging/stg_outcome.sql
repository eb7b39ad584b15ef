with events as (

    select * from {{ source('bronze', 'outcome') }}

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
    metric,
    value,
    unit_id,
    unit_type,
    denominator,
    pair_id,
    interaction_id
from events
