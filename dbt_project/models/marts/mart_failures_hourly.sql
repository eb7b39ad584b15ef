with failures as (

    select * from {{ ref('int_failures_hourly') }}
    where {{ has_landed() }} and {{ in_window(7) }}

)

select
    {{ run_context('as_of') }} as as_of,
    metric_hour,
    service,
    error_kind,
    status_code,
    min(sample_error) as sample_error,
    cast(sum(failures) as bigint) as failures,
    cast(bit_or(minutes) as bigint) as minutes,
from failures
group by metric_hour, service, error_kind, status_code
