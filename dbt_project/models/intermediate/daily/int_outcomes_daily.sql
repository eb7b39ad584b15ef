with outcomes as (

    select
        *,
        coalesce(unit_type, 'user') as known_unit_type,
        coalesce(pair_id, '') as known_pair_id,
        coalesce(denominator, 1) as known_denominator,
    from {{ ref('stg_outcome') }}
    where {{ is_pending() }}

),

-- what is logged for a part of a unit counts for the unit too, as one cluster; its event says which unit that is
linked as (

    select
        * exclude (unit_type, unit_id),
        unnest(list_filter([
            {'unit_type': known_unit_type, 'unit_id': unit_id},
            {
                'unit_type': 'user',
                'unit_id': case when known_unit_type in ('session', 'interaction') then nullif(user_id, '') end,
            },
            {
                'unit_type': 'session',
                'unit_id': case when known_unit_type = 'interaction' then nullif(session_id, '') end,
            },
        ], lambda linked: linked.unit_id is not null), recursive := true),
    from outcomes

)

select
    event_date,
    landed_date,
    metric,
    unit_type,
    unit_id,
    known_unit_type as logged_type,
    known_pair_id as pair_id,
    count(*) as observations,
    count(*) filter (where value > 0) as positives,
    sum({{ exact('value') }}) as value_sum,
    sum({{ exact('known_denominator') }}) as denominator_sum,
    list(
        {'at': occurred_at, 'value': value, 'denominator': known_denominator} order by occurred_at, event_id
    ) as events,
from linked
group by all
