with hours as (

    select * from {{ ref('int_health_hourly') }}
    where {{ has_landed() }} and {{ in_window(hour_days()) }}

),

durations as (

    select * from {{ ref('int_durations_hourly') }}
    where {{ has_landed() }} and {{ in_window(hour_days()) }}

),

each_and_all as (

    select * from hours where service <> ''
    union all by name
    select * replace ('' as service) from hours

),

counted as (

    select
        metric_hour,
        service,
        {%- for column in hour_sums() %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        {%- for column in hour_minutes() %}
        bit_or({{ column }}) as {{ column }},
        {%- endfor %}
    from each_and_all
    group by metric_hour, service

),

buckets as (

    select metric_hour, service, bucket, sum(n) as n
    from durations where service <> '' group by all
    union all
    select metric_hour, '' as service, bucket, sum(n) as n
    from durations group by all

),

running as (

    select
        *,
        sum(n) over (partition by metric_hour, service order by bucket) as running,
        sum(n) over (partition by metric_hour, service) as whole,
    from buckets

),

quantiles as (

    select
        metric_hour,
        service,
        {{ total('n') }} as duration_n,
        {{ quantile(0.50) }} as duration_p50_ms,
        {{ quantile(0.95) }} as duration_p95_ms,
        {{ quantile(0.99) }} as duration_p99_ms,
    from running
    group by metric_hour, service

)

select
    {{ run_context('as_of') }} as as_of,
    counted.metric_hour,
    counted.service,
    {%- for column in hour_sums() + hour_minutes() %}
    cast(counted.{{ column }} as bigint) as {{ column }},
    {%- endfor %}
    coalesce(quantiles.duration_n, 0) as duration_n,
    quantiles.duration_p50_ms,
    quantiles.duration_p95_ms,
    quantiles.duration_p99_ms,
from counted
left join quantiles on counted.metric_hour = quantiles.metric_hour and counted.service = quantiles.service
