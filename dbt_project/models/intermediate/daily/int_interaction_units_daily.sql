with interactions as (

    select * from {{ ref('int_interactions') }}

)

select
    event_date,
    landed_date,
    combination_id,
    unit_key,
    bool_or(coalesce(not success, false)) as failed,
from interactions
where unit_key is not null
group by event_date, landed_date, combination_id, unit_key
