with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and clock = 'real'

),

errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }} and clock = 'real'

),

api_calls as (

    select * from {{ ref('stg_api_call') }}
    where {{ is_pending() }} and clock = 'real'

),

heartbeats as (

    select * from {{ ref('stg_heartbeat') }}
    where {{ is_pending() }} and clock = 'real'

),

measured as (

    select
        {{ hour_keys() }},
        count(*) as requests,
        count(*) filter (where success) as successes,
        count(*) filter (where not success) as failures,
        bit_or({{ minute_bit() }}) filter (where success) as answered_minutes,
    from interactions group by all
    union all by name
    select {{ hour_keys() }}, count(*) as errors from errors group by all
    union all by name
    select {{ hour_keys() }}, count(*) as api_calls, count(*) filter (where {{ api_call_failed() }}) as api_failures,
    from api_calls group by all
    union all by name
    select
        {{ hour_keys() }},
        count(*) as heartbeats,
        count(*) filter (where up) as heartbeats_up,
        bit_or({{ minute_bit() }}) filter (where up) as up_minutes,
        bit_or({{ minute_bit() }}) filter (where not up) as down_minutes,
    from heartbeats group by all

)

select
    metric_hour,
    event_date,
    landed_date,
    service,
    {%- for column in hour_sums() %}
    {{ total(column) }} as {{ column }},
    {%- endfor %}
    {%- for column in hour_minutes() %}
    coalesce(bit_or({{ column }}), 0) as {{ column }},
    {%- endfor %}
from measured
group by metric_hour, event_date, landed_date, service
