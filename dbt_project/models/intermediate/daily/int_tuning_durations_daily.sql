with interactions as (

    select
        *,
        {{ task() }} as task,
        coalesce(timed_out, false) as was_cut,
    from {{ ref('int_interactions') }}
    where clock = 'real'

),

-- what failed early says nothing about how long it takes
calls as (

    select
        event_date,
        landed_date,
        'timeout' as setting,
        task as target,
        case when complexity is null then -1 else cast(least(3, floor(4 * complexity)) as integer) end as level,
        was_cut as failed,
        {{ round_ms('coalesce(duration_ms, timeout_ms)') }} as upper_ms,
        cast(null as integer) as at_once,
        count(*) as n,
    from interactions
    where
        task != ''
        and (was_cut or success is distinct from false)
        and case when was_cut then coalesce(duration_ms, timeout_ms) else duration_ms end is not null
    group by all

),

-- the parts of one batch may each be logged: it takes as long as the longest of them
whole_batches as (

    select
        event_date,
        landed_date,
        task,
        batch_size,
        coalesce(batch_id, event_id) as batch,
        max(duration_ms) as duration_ms,
    from interactions
    where task != '' and batch_size is not null and duration_ms > 0 and not was_cut and success is distinct from false
    group by all

),

batches as (

    select
        event_date,
        landed_date,
        'batch_size' as setting,
        task as target,
        cast(least(batch_size, 1000000) as integer) as level,
        false as failed,
        {{ end_of_bucket(bucket_of('duration_ms')) }} as upper_ms,
        cast(null as integer) as at_once,
        count(*) as n,
    from whole_batches
    group by all

),

-- how many calls of a service are in flight when one begins, those of the same landing day
moments as (

    select service, landed_date, event_id, occurred_at as moment, 1 as step,
    from interactions
    where level = 'root' and service != '' and duration_ms is not null
    union all
    select
        service,
        landed_date,
        event_id,
        occurred_at + to_milliseconds(cast(least(duration_ms, 86400000) as integer)) as moment,
        -1 as step,
    from interactions
    where level = 'root' and service != '' and duration_ms is not null

),

in_flight as (

    select
        service,
        event_id,
        step,
        sum(step) over (
            partition by service, landed_date order by moment, step, event_id rows unbounded preceding
        ) as calls,
    from moments

),

concurrent as (

    select
        interactions.event_date,
        interactions.landed_date,
        'concurrency' as setting,
        interactions.service as target,
        {{ concurrency_level('greatest(in_flight.calls, 1)') }} as level,
        interactions.was_cut as failed,
        {{ end_of_bucket(bucket_of('interactions.duration_ms')) }} as upper_ms,
        cast(null as integer) as at_once,
        count(*) as n,
    from interactions
    inner join in_flight
        on interactions.event_id = in_flight.event_id
        and interactions.service = in_flight.service
    where in_flight.step = 1 and (interactions.was_cut or interactions.success is distinct from false)
    group by all

),

-- how many calls of an API came in the minute and in the second up to each of them, those of the same landing day
attempts as (

    select
        event_date,
        landed_date,
        api,
        {{ is_throttled() }} as was_throttled,
        count(*) over (
            partition by api, landed_date order by occurred_at
            range between interval 60 seconds preceding and current row
        ) as in_a_minute,
        count(*) over (
            partition by api, landed_date order by occurred_at
            range between interval 1 second preceding and current row
        ) as in_a_second,
    from {{ ref('stg_api_call') }}
    where {{ is_pending() }} and clock = 'real'

),

rates as (

    select
        event_date,
        landed_date,
        'rate_limit' as setting,
        api as target,
        {{ round_calls('in_a_minute') }} as level,
        was_throttled as failed,
        cast(null as double) as upper_ms,
        {{ round_calls('in_a_second') }} as at_once,
        count(*) as n,
    from attempts
    group by all

)

select * from calls
union all
select * from batches
union all
select * from concurrent
union all
select * from rates
