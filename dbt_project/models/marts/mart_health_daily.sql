with interactions as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}
    where level = 'root' and clock = 'real'

),

events as (

    select * from {{ ref('int_events_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and clock = 'real'

),

api_calls as (

    select * from {{ ref('int_api_calls_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and clock = 'real'

),

heartbeats as (

    select * from {{ ref('int_heartbeats_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and clock = 'real'

),

feedback as (

    select * from {{ ref('int_feedback_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and clock = 'real' and rater is distinct from 'evaluator'

),

durations as (

    select * from {{ ref('int_values_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and measure = 'duration_ms' and level = 'root' and dimension in ('all', 'service')

),

units as (

    select * from {{ ref('int_service_units_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }} and clock = 'real'

),

dates as (

    {{ dates_shown() }}

),

measured as (

    select
        interactions.event_date,
        combinations.service,
        {%- for column in interaction_sums() %}
        sum(interactions.{{ column }}) as {{ column }},
        {%- endfor %}
    from interactions
    inner join combinations on interactions.combination_id = combinations.combination_id
    group by interactions.event_date, combinations.service
    union all by name
    select event_date, service, sum(events) as errors
    from events where stream = 'error' group by event_date, service
    union all by name
    select event_date, service, sum(calls) as api_calls, sum(failures) as api_failures
    from api_calls group by event_date, service
    union all by name
    select event_date, service, sum(heartbeats) as heartbeats, sum(up) as heartbeats_up
    from heartbeats group by event_date, service
    union all by name
    select event_date, service, sum(scored) as scored, sum(low) as low
    from feedback group by event_date, service

),

named as (

    select * replace (coalesce(service, '') as service) from measured

),

each_and_all as (

    select * from named where service <> ''
    union all by name
    select * replace ('' as service) from named

),

counted as (

    select
        event_date,
        service,
        {%- for column in health_sums() %}
        coalesce(sum({{ column }}), 0) as {{ column }},
        {%- endfor %}
    from each_and_all
    group by event_date, service

),

unit_days as (

    select
        service,
        unit_key,
        bit_or({{ day_bit() }}) as days,
    from units
    group by service, unit_key

),

each_and_all_units as (

    select service, unit_key, days from unit_days where service <> ''
    union all
    select '' as service, unit_key, bit_or(days) as days from unit_days group by unit_key

),

unit_counts as (

    select
        dates.metric_date as event_date,
        each_and_all_units.service,
        count(*) as units,
    from each_and_all_units
    inner join dates
        on each_and_all_units.days & {{ days_between('dates.metric_date', 'dates.metric_date') }} <> 0
    group by dates.metric_date, each_and_all_units.service

),

buckets as (

    select event_date, value as service, bucket, sum(n) as n
    from durations
    where dimension = 'all' or value <> ''
    group by all

),

running as (

    select
        *,
        sum(n) over (partition by event_date, service order by bucket) as running,
        sum(n) over (partition by event_date, service) as whole,
    from buckets

),

quantiles as (

    select
        event_date,
        service,
        {{ total('n') }} as duration_n,
        {{ quantile(0.50) }} as duration_p50_ms,
        {{ quantile(0.95) }} as duration_p95_ms,
        {{ quantile(0.99) }} as duration_p99_ms,
    from running
    group by event_date, service

),

services as (

    select '' as service
    union
    select service from counted

)

select
    {{ run_context('as_of') }} as as_of,
    dates.metric_date,
    services.service,
    {%- for column in health_sums() if column != 'cost_usd' %}
    cast(coalesce(counted.{{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    coalesce(quantiles.duration_n, 0) as duration_n,
    quantiles.duration_p50_ms,
    quantiles.duration_p95_ms,
    quantiles.duration_p99_ms,
    cast(coalesce(counted.cost_usd, 0) as double) as cost_usd,
    coalesce(unit_counts.units, 0) as units,
from dates
cross join services
left join counted on dates.metric_date = counted.event_date and services.service = counted.service
left join quantiles on dates.metric_date = quantiles.event_date and services.service = quantiles.service
left join unit_counts on dates.metric_date = unit_counts.event_date and services.service = unit_counts.service
