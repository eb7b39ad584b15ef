with errors as (

    select * from {{ ref('int_request_errors_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

window_dates as (

    {{ window_dates(gap_windows()) }}

)

select
    {{ run_context('as_of') }} as as_of,
    window_dates.window_days,
    errors.intent,
    errors.error_kind,
    cast(sum(errors.failures) as bigint) as failures,
    count(distinct errors.unit_key) as units,
    {{ unit_kind_of('max(errors.unit_key & 3)') }} as unit_kind,
    {{ newest('errors.last_event_id', 'errors.last_at', 5) }} as sample_event_ids,
from errors
inner join window_dates on errors.event_date = window_dates.event_date
group by window_dates.window_days, errors.intent, errors.error_kind
