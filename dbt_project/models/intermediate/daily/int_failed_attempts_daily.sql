with recursive errors as (

    select * from {{ ref('int_errors') }}
    where interaction_id is not null

),

interactions as (

    select * from {{ ref('stg_interaction') }}

),

-- an error names the request that it hit, or a step of it
climbed as (

    select
        errors.error_key,
        errors.landed_date,
        1 as height,
        interactions.* exclude (landed_date),
    from errors
    inner join interactions
        on errors.interaction_id = interactions.event_id
        and interactions.landed_date between errors.landed_date - {{ error_reach_days() }} and errors.landed_date
    union all
    select
        climbed.error_key,
        climbed.landed_date,
        climbed.height + 1,
        interactions.* exclude (landed_date),
    from climbed
    inner join interactions
        on climbed.parent_id = interactions.event_id
        and interactions.landed_date between climbed.landed_date - {{ error_reach_days() }} and climbed.landed_date
    where climbed.height < {{ deepest_step() }}

),

failed as (

    select
        event_id,
        event_date,
        landed_date,
        coalesce(intent, '') as intent,
        coalesce(published_version, '') as published_version,
        list_sort(list_distinct(list(error_key))) as error_keys,
    from climbed
    where parent_id is null and not success
    group by all

)

select
    event_date,
    landed_date,
    intent,
    published_version,
    error_keys,
    count(*) as failed,
from failed
group by all
