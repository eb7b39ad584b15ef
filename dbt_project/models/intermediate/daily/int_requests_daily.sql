with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root'

)

select
    event_date,
    landed_date,
    intent,
    coalesce(agent_tier, '') as agent_tier,
    count(*) as requests,
    count(*) filter (where success) as successes,
    count(*) filter (where not success) as failures,
    count(*) filter (where success is null) as unknown,
from interactions
group by all
