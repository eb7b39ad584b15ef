with
{% for stream in ['interaction', 'error', 'feedback', 'flag_evaluation', 'outcome', 'api_call', 'validation', 'resource', 'heartbeat', 'support_ticket', 'change'] %}
{{ stream }} as (

    select
        '{{ stream }}' as stream,
        event_date,
        landed_date,
        clock,
        service,
        {{ "status = 'opened'" if stream == 'support_ticket' else 'false' }} as is_opening,
    from {{ ref('stg_' ~ stream) }}
    where {{ is_pending() }}

),
{% endfor %}
events as (

    select * from interaction
    union all
    select * from error
    union all
    select * from feedback
    union all
    select * from flag_evaluation
    union all
    select * from outcome
    union all
    select * from api_call
    union all
    select * from validation
    union all
    select * from resource
    union all
    select * from heartbeat
    union all
    select * from support_ticket
    union all
    select * from change

)

select
    event_date,
    landed_date,
    stream,
    clock,
    coalesce(service, '') as service,
    count(*) as events,
    count(*) filter (where is_opening) as tickets_opened,
from events
group by all
