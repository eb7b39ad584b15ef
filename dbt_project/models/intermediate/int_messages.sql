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

    select {{ message_key('errors.message') }} as message_key
    from errors
    inner join firsts on errors.event_id = firsts.event_id

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
