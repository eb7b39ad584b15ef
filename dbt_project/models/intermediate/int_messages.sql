with errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }} and message is not null

),

events as (

    select * from {{ ref('int_error_events') }}
    where message_hash is not null

),

interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and not success and error is not null

),

firsts as (

    select
        message_hash,
        min(event_id) as event_id,
    from events
    group by message_hash

),

logged as (

    select {{ message_key('message') }} as message_key
    from errors
    -- coalesce keeps the planner from holding all texts instead of the few ids
    where coalesce(event_id in (select event_id from firsts), false)

),

keys as (

    select message_key from logged
    union
    select {{ message_key('error') }} as message_key from interactions

)

select
    hash(message_key) as message_hash,
    {{ mask_key('message_key') }} as message_template,
from keys
