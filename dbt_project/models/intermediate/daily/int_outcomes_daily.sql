with outcomes as (

    select
        *,
        coalesce(unit_type, 'user') as known_unit_type,
        coalesce(pair_id, '') as known_pair_id,
        coalesce(denominator, 1) as known_denominator,
    from {{ ref('stg_outcome') }}
    where {{ is_pending() }}

)

select
    event_date,
    landed_date,
    metric,
    known_unit_type as unit_type,
    unit_id,
    known_pair_id as pair_id,
    count(*) as observations,
    count(*) filter (where value > 0) as positives,
    sum({{ exact('value') }}) as value_sum,
    sum({{ exact('known_denominator') }}) as denominator_sum,
    list(
        {'at': occurred_at, 'value': value, 'denominator': known_denominator} order by occurred_at, event_id
    ) as events,
from outcomes
group by all
