with calls as (

    select
        event_date,
        landed_date,
        api,
        occurred_at,
        event_id,
        coalesce(status_code >= 500 or status_code = 429, error_type is not null or error is not null) as failed,
    from {{ ref('stg_api_call') }}
    where {{ is_pending() }} and clock = 'real'

),

numbered as (

    select
        *,
        row_number() over (partition by event_date, landed_date, api order by occurred_at, event_id) as place,
        row_number() over (partition by event_date, landed_date, api, failed order by occurred_at, event_id) as own_place,
    from calls

),

runs as (

    select
        event_date,
        landed_date,
        api,
        failed,
        min(place) as place,
        count(*) as calls,
        cast(epoch_ms(min(occurred_at)) - epoch_ms(cast(event_date as timestamp)) as integer) as first_ms,
        cast(epoch_ms(max(occurred_at)) - epoch_ms(cast(event_date as timestamp)) as integer) as last_ms,
    from numbered
    group by event_date, landed_date, api, failed, place - own_place

),

ordered as (

    select
        *,
        row_number() over (partition by event_date, landed_date, api order by place) as run,
        cast(sum(calls) over (partition by event_date, landed_date, api) as bigint) as day_calls,
    from runs

)

select event_date, landed_date, api, run, failed, calls, first_ms, last_ms, day_calls
from ordered
where run <= {{ runs_kept() }}
