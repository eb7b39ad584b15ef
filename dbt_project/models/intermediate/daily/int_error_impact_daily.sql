with errors as (

    select * from {{ ref('int_errors') }}
    where clock = 'real' and unit_key is not null

),

successes as (

    select
        landed_date,
        unit_key,
        occurred_at + to_microseconds(cast(round(1000 * coalesce(duration_ms, 0)) as bigint)) as ended_at,
    from {{ ref('int_interactions') }}
    where level = 'root' and success and clock = 'real' and unit_key is not null

),

-- minutes in which a unit meets an error again count once
repeated as (

    select
        *,
        lead(occurred_at) over (
            partition by landed_date, error_key, unit_key order by occurred_at, event_id
        ) as again_at,
    from errors

),

waits as (

    select
        repeated.event_date,
        repeated.landed_date,
        repeated.error_key,
        datediff('millisecond', repeated.occurred_at, least(
            coalesce(successes.ended_at, repeated.occurred_at + to_minutes({{ longest_impact_minutes() }})),
            coalesce(repeated.again_at, repeated.occurred_at + to_minutes({{ longest_impact_minutes() }})),
            repeated.occurred_at + to_minutes({{ longest_impact_minutes() }})
        )) as impact_ms,
    from repeated
    asof left join successes
        on repeated.landed_date = successes.landed_date
        and repeated.unit_key = successes.unit_key
        and repeated.occurred_at <= successes.ended_at

)

select
    event_date,
    landed_date,
    error_key,
    count(*) as measured,
    cast(sum(impact_ms) as bigint) as impact_ms,
from waits
group by all
