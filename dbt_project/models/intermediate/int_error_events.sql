with errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    clock,
    error_type,
    left(message, 1000) as sample_message,
    case when message is not null then hash({{ message_key('message') }}) end as message_hash,
    case when stack_trace <> '' then hash(stack_trace) end as trace_hash,
    case when attributes is not null then json_extract_string(attributes, '$.transaction') end as transaction,
    {{ unit_key() }} as unit_key,
    service,
    release,
    interaction_id,
    api,
    http_status,
    handled,
from errors
