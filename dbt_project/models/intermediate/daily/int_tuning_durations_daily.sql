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
        count(*) as n,
    from whole_batches
    group by all

)

select * from calls
union all
select * from batches
