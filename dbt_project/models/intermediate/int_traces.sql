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
        hash(stack_trace) as trace_hash,
        {{ trace_key('stack_trace') }} as trace_key,
    from errors
    -- coalesce keeps the planner from holding all texts instead of the few ids
    where coalesce(event_id in (select event_id from firsts), false)

),

keys as (

    select
        min(trace_key) as trace_key,
        list(distinct trace_hash) as trace_hashes,
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
