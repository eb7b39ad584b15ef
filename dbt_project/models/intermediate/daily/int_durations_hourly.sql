with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and clock = 'real' and duration_ms is not null

)

select
    {{ hour_keys() }},
    {{ bucket_of('duration_ms') }} as bucket,
    count(*) as n,
from interactions
group by all
