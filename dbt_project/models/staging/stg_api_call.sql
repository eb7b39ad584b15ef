with events as (

    select * from {{ source('bronze', 'api_call') }}

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
    api,
    method,
    path,
    call_id,
    attempt,
    status_code,
    duration_ms,
    params,
    error_type,
    error,
    retry_after_s,
    interaction_id
from events
