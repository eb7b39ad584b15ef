with errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }}

),

interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and not success

),

texts as (

    select message from errors where message is not null
    union
    select error as message from interactions where error is not null

),

keyed as (

    select
        message,
        {{ message_key('message') }} as message_key,
    from texts

),

keys as (

    select distinct message_key from keyed

),

masked as (

    select
        message_key,
        {{ mask_key('message_key') }} as message_template,
    from keys

)

select
    keyed.message,
    masked.message_template,
from keyed
inner join masked on keyed.message_key = masked.message_key
