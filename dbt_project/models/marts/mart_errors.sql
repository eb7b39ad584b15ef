with daily as (

    select
        *,
        {{ in_window(7) }} as is_current,
    from {{ ref('int_errors_daily') }}
    where {{ has_landed() }} and {{ in_window(35) }}

),

kinds as (

    select * from {{ ref('int_error_kinds_daily') }}
    where {{ has_landed() }} and event_date <= {{ run_context('as_of') }}

),

events as (

    select * from {{ ref('int_events_daily') }}
    where {{ has_landed() }} and {{ in_window(35) }}

),

exposure as (

    select
        count(distinct event_date) filter (where {{ in_window(7) }}) as exposure_days,
        count(distinct event_date) filter (where not {{ in_window(7) }}) as previous_exposure_days,
    from events

),

history as (

    select
        error_key,
        min(error_type) as error_type,
        min(message_template) as message_template,
        min(sample_message) as sample_message,
        sum(occurrences) as occurrences_total,
        min(event_date) as first_seen,
        max(event_date) as last_seen,
    from kinds
    group by error_key

),

counted as (

    select
        error_key,
        coalesce(sum(occurrences) filter (where is_current), 0) as occurrences,
        coalesce(sum(occurrences) filter (where not is_current), 0) as previous_occurrences,
        coalesce(sum(interactions) filter (where is_current), 0) as interactions,
        coalesce(sum(handled) filter (where is_current), 0) as handled,
        count(distinct unit_key) filter (where is_current) as units,
        count(distinct event_date) filter (where is_current) as days,
        {{ unit_kind_of('max(unit_key & 3) filter (where is_current)') }} as unit_kind,
        {{ merged('apis', 'is_current') }} as apis,
        {{ merged('http_statuses', 'is_current') }} as http_statuses,
        {{ newest('last_event_id', 'last_at', 5, 'is_current') }} as sample_event_ids,
    from daily
    group by error_key

)

select
    {{ run_context('as_of') }} as as_of,
    counted.error_key,
    history.error_type,
    history.message_template,
    coalesce(history.sample_message, '') as sample_message,
    cast(counted.occurrences as bigint) as occurrences,
    cast(counted.previous_occurrences as bigint) as previous_occurrences,
    cast(history.occurrences_total as bigint) as occurrences_total,
    counted.units,
    counted.unit_kind,
    cast(counted.interactions as bigint) as interactions,
    cast(counted.handled as bigint) as handled,
    history.first_seen,
    history.last_seen,
    counted.apis,
    cast(counted.http_statuses as integer[]) as http_statuses,
    counted.sample_event_ids,
    counted.days,
    exposure.exposure_days,
    exposure.previous_exposure_days,
from counted
inner join history on counted.error_key = history.error_key
cross join exposure
