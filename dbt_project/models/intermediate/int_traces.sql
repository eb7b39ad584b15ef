with errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }} and stack_trace <> ''

),

events as (

    select * from {{ ref('int_error_events') }}
    where trace_hash is not null

),

firsts as (

    select
        trace_hash,
        min(event_id) as event_id,
    from events
    group by trace_hash

),

folded as (

    select
        firsts.trace_hash,
        {{ trace_key('errors.stack_trace') }} as trace_key,
    from errors
    inner join firsts on errors.event_id = firsts.event_id and hash(errors.stack_trace) = firsts.trace_hash

),

keys as (

    select
        min(trace_key) as trace_key,
        list(trace_hash) as trace_hashes,
    from folded
    group by hash(trace_key)

),

parsed as (

    select
        trace_hashes,
        {{ trace_frames(root_cause('trace_key')) }} as frames,
    from keys

),

relevant as (

    select
        trace_hashes,
        {{ relevant_frames('frames') }} as frames,
    from parsed

),

named as (

    select
        trace_hashes,
        {{ frame_texts('frames') }} as frames,
    from relevant

)

select
    unnest(trace_hashes) as trace_hash,
    array_to_string({{ top_frames('frames') }}, chr(10)) as frames,
from named
