with interactions as (

    select * from {{ ref('int_interactions') }}
    where clock = 'real' and duration_ms is not null

),

buckets as (

    select
        event_date,
        landed_date,
        level,
        intent,
        {{ setting_dimensions() | join(',\n        ') }},
        {{ bucket_of('duration_ms') }} as bucket,
        count(*) as n,
    from interactions
    group by all

)

select
    event_date,
    landed_date,
    level,
    cut.dimension,
    cut.value,
    bucket,
    cast(sum(n) as bigint) as n,
from buckets
cross join unnest({{ cuts() }}) as cuts (cut)
group by all
