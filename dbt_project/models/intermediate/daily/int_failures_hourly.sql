with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and clock = 'real' and not success

),

messages as (

    select * from {{ ref('int_messages') }}

)

select
    date_trunc('hour', interactions.occurred_at) as metric_hour,
    interactions.event_date,
    interactions.landed_date,
    coalesce(interactions.service, '') as service,
    coalesce(messages.message_template, '') as error_kind,
    {{ status_code('interactions.error') }} as status_code,
    coalesce(min(left(interactions.error, 200)), '') as sample_error,
    count(*) as failures,
    bit_or({{ minute_bit('interactions.occurred_at') }}) as minutes,
from interactions
left join messages on hash({{ message_key('interactions.error') }}) = messages.message_hash
group by all
