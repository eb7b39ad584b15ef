with errors as (

    select * from {{ ref('int_request_errors_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

windows as (

    {{ gap_windows() }}

)

select
    {{ run_context('as_of') }} as as_of,
    windows.window_days,
    errors.intent,
    errors.error_kind,
    cast(sum(errors.failures) as bigint) as failures,
    count(distinct errors.unit_key) as units,
    {{ unit_kind_of('max(errors.unit_key & 3)') }} as unit_kind,
    {{ newest('errors.last_event_id', 'errors.last_at', 5) }} as sample_event_ids,
from errors
inner join windows on {{ in_window('windows.window_days', 'errors.event_date') }}
group by windows.window_days, errors.intent, errors.error_kind
