with events as (

    select * from {{ source('bronze', 'resource') }}

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
    host,
    cpu_percent_free,
    memory_percent_free,
    concurrency,
    batch_size,
    queue_depth
from events
