with errors as (

    select * from {{ ref('int_errors') }}

)

select
    event_date,
    landed_date,
    error_key,
    unit_key,
    count(*) as occurrences,
    count(*) filter (where handled) as handled,
    count(distinct interaction_id) as interactions,
    list_sort(list(distinct api) filter (where api is not null)) as apis,
    list_sort(list(distinct http_status) filter (where http_status is not null)) as http_statuses,
    max(occurred_at) as last_at,
    arg_max(event_id, (occurred_at, event_id)) as last_event_id,
from errors
group by all
