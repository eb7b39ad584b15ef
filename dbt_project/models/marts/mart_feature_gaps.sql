with requests as (

    select * from {{ ref('int_requests_daily') }}
    where {{ has_landed() }} and event_date <= {{ run_context('as_of') }}

),

samples as (

    select * from {{ ref('int_request_samples_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

unit_counts as (

    select * from {{ ref('int_unit_counts') }}
    where level = 'root' and dimension = 'intent'

),

window_dates as (

    {{ window_dates(gap_windows(), reach=2) }}

),

seen as (

    select
        intent,
        min(event_date) filter (where failures > 0) as first_seen,
        max(event_date) filter (where failures > 0) as last_seen,
    from requests
    group by intent

),

aged as (

    select
        window_dates.window_days,
        window_dates.is_current,
        requests.*,
    from requests
    inner join window_dates on requests.event_date = window_dates.event_date

),

counted as (

    select
        window_days,
        intent,
        coalesce(sum(requests) filter (where is_current), 0) as requests,
        coalesce(sum(successes) filter (where is_current), 0) as successes,
        coalesce(sum(failures) filter (where is_current), 0) as failures,
        coalesce(sum(unknown) filter (where is_current), 0) as unknown,
        coalesce(sum(requests) filter (where not is_current), 0) as previous_requests,
        coalesce(sum(failures) filter (where not is_current), 0) as previous_failures,
    from aged
    group by window_days, intent

),

newest_samples as (

    select
        window_dates.window_days,
        samples.*,
        row_number() over (
            partition by window_dates.window_days, samples.intent
            order by samples.occurred_at desc, samples.event_id
        ) as position,
    from samples
    inner join window_dates on samples.event_date = window_dates.event_date and window_dates.is_current

),

texts as (

    select
        window_days,
        intent,
        request_text,
        min(position) as position,
    from newest_samples
    where trim(request_text) <> ''
    group by all

),

sample_texts as (

    select
        window_days,
        intent,
        list_slice(list(request_text order by position), 1, 3) as sample_requests,
    from texts
    group by window_days, intent

),

sample_ids as (

    select
        window_days,
        intent,
        list_slice(list(event_id order by position), 1, 5) as sample_event_ids,
    from newest_samples
    group by window_days, intent

)

select
    {{ run_context('as_of') }} as as_of,
    counted.window_days,
    counted.intent,
    coalesce(unit_counts.unit_kind, 'none') as unit_kind,
    cast(counted.requests as bigint) as requests,
    cast(counted.successes as bigint) as successes,
    cast(counted.failures as bigint) as failures,
    cast(counted.unknown as bigint) as unknown,
    coalesce(unit_counts.units, 0) as units,
    coalesce(unit_counts.failing_units, 0) as failing_units,
    cast(counted.previous_requests as bigint) as previous_requests,
    cast(counted.previous_failures as bigint) as previous_failures,
    seen.first_seen,
    seen.last_seen,
    coalesce(sample_ids.sample_event_ids, []) as sample_event_ids,
    coalesce(sample_texts.sample_requests, []) as sample_requests,
from counted
inner join seen on counted.intent = seen.intent
left join unit_counts
    on counted.window_days = unit_counts.window_days and counted.intent = unit_counts.value
left join sample_ids
    on counted.window_days = sample_ids.window_days and counted.intent = sample_ids.intent
left join sample_texts
    on counted.window_days = sample_texts.window_days and counted.intent = sample_texts.intent
