with executions as (

    select * from {{ ref('int_executions_daily') }}
    where {{ is_pending() }}

)

select
    event_date,
    landed_date,
    level,
    {{ execution_dimensions() | join(',\n    ') }},
    error_kind,
    min(sample_error) as sample_error,
    {{ execution_sums() }}
from executions
group by event_date, landed_date, level, {{ execution_dimensions() | join(', ') }}, error_kind
