with executions as (

    select
        *,
        {{ execution_faults() }} as faults,
    from {{ ref('int_executions_daily') }}
    where {{ is_pending() }}

)

select
    event_date,
    landed_date,
    level,
    {{ execution_dimensions() | join(',\n    ') }},
    error_kind,
    min(sample_error) as sample_error,
    {{ drawn_cases("faults <> ''") }} as failing_cases,
    {{ drawn_cases("faults = '' and (scored > 0 or validations > 0)") }} as passing_cases,
    {{ execution_sums() }}
from executions
group by event_date, landed_date, level, {{ execution_dimensions() | join(', ') }}, error_kind
