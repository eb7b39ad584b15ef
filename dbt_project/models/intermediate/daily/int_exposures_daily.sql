with evaluations as (

    select
        *,
        coalesce(reason, 'SPLIT') as known_reason,
        coalesce(unit_type, 'user') as known_unit_type,
    from {{ ref('stg_flag_evaluation') }}
    where {{ is_pending() }}

),

exposures as (

    select
        event_date,
        landed_date,
        flag_key,
        known_unit_type as unit_type,
        unit_id,
        variant,
        known_reason as reason,
        count(*) as evaluations,
        min({
            'exposed_at': occurred_at,
            'event_id': event_id,
            'service': service,
            'release': release,
            'environment': environment,
        }) as earliest,
    from evaluations
    where known_reason not in ('DEFAULT', 'ERROR')
    group by all

)

select
    event_date,
    landed_date,
    flag_key,
    unit_type,
    unit_id,
    variant,
    reason,
    evaluations,
    earliest.exposed_at as first_exposed_at,
    earliest.service as service,
    earliest.release as release,
    earliest.environment as environment,
from exposures
