with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and success is not null

)

select
    event_date,
    landed_date,
    intent,
    coalesce(published_version, '') as published_version,
    count(*) as attempts,
    count(*) filter (where not success) as failures,
from interactions
group by all
