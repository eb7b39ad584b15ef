with interactions as (

    select * from {{ ref('int_interactions') }}

)

select distinct
    event_date,
    landed_date,
    clock,
    coalesce(service, '') as service,
    unit_key,
from interactions
where level = 'root' and unit_key is not null
