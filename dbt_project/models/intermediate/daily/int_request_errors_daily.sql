with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and not success

),

messages as (

    select * from {{ ref('int_messages') }}

)

select
    interactions.event_date,
    interactions.landed_date,
    interactions.intent,
    coalesce(messages.message_template, '') as error_kind,
    interactions.unit_key,
    count(*) as failures,
    max(interactions.occurred_at) as last_at,
    arg_max(interactions.event_id, (interactions.occurred_at, interactions.event_id)) as last_event_id,
from interactions
left join messages on hash({{ message_key('interactions.error') }}) = messages.message_hash
group by all
