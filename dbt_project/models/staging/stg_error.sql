with events as (

    select * from {{ source('bronze', 'error') }}

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
    error_type,
    message,
    stack_trace,
    context,
    interaction_id,
    api,
    http_status,
    retry_after_s,
    attempt,
    handled,
    fix_id
from events
