with events as (

    select * from {{ ref('int_error_events') }}

),

messages as (

    select * from {{ ref('int_messages') }}

),

traces as (

    select * from {{ ref('int_traces') }}

),

described as (

    select
        events.* exclude (message_hash, trace_hash),
        coalesce(messages.message_template, '') as message_template,
        coalesce(traces.frames, '') as frames,
    from events
    left join messages on events.message_hash = messages.message_hash
    left join traces on events.trace_hash = traces.trace_hash

)

select
    *,
    {{ error_key() }} as error_key,
    {{ error_title() }} as title,
    {{ error_culprit() }} as culprit,
from described
