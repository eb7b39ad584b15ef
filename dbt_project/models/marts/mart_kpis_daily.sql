with interactions as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}
    where level = 'root'

),

events as (

    select * from {{ ref('int_events_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }}

),

api_calls as (

    select * from {{ ref('int_api_calls_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }}

),

heartbeats as (

    select * from {{ ref('int_heartbeats_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }} and clock = 'real'

),

feedback as (

    select * from {{ ref('int_feedback_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }} and rater is distinct from 'evaluator'

),

matches as (

    select * from {{ ref('int_feedback_matches') }}
    where {{ has_landed() }} and {{ in_window(days_read(), 'interaction_date') }} and level = 'root'

),

durations as (

    select * from {{ ref('int_durations_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }} and level = 'root' and dimension = 'all'

),

units as (

    select * from {{ ref('int_service_units_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }}

),

periods as (

    select
        metric_date,
        1 as window_days,
        metric_date as first_date,
    from ({{ last_dates(days_of_history()) }})
    union all by name
    select
        metric_date,
        7 as window_days,
        metric_date - 6 as first_date,
    from ({{ dates_shown() }})

),

answered as (

    select
        interaction_date as event_date,
        count(distinct interaction_id) as answered,
    from matches
    group by interaction_date

),

measured as (

    select
        interactions.event_date,
        {%- for column in interaction_sums() %}
        sum(interactions.{{ column }}) as {{ column }},
        {%- endfor %}
    from interactions
    inner join combinations on interactions.combination_id = combinations.combination_id
    group by interactions.event_date
    union all by name
    select event_date, sum(events) as errors from events where stream = 'error' group by event_date
    union all by name
    select event_date, sum(calls) as api_calls, sum(failures) as api_failures from api_calls group by event_date
    union all by name
    select event_date, sum(heartbeats) as heartbeats, sum(up) as heartbeats_up from heartbeats group by event_date
    union all by name
    select event_date, sum(scored) as scored, sum(low) as low, sum(score_sum) as score_sum from feedback group by event_date
    union all by name
    select event_date, answered from answered

),

sums as (

    select
        periods.metric_date,
        periods.window_days,
        {%- for column in kpi_sums() %}
        coalesce(sum(measured.{{ column }}), 0) as {{ column }},
        {%- endfor %}
    from periods
    left join measured on measured.event_date between periods.first_date and periods.metric_date
    group by periods.metric_date, periods.window_days

),

unit_days as (

    select
        unit_key,
        bit_or({{ day_bit() }}) as days,
    from units
    where {{ in_window(days_shown() + 6) }}
    group by unit_key

),

active as (

    select
        periods.metric_date,
        periods.window_days,
        count(*) as units,
    from unit_days
    inner join periods on unit_days.days & {{ days_between('periods.first_date', 'periods.metric_date') }} <> 0
    where periods.window_days = 7
    group by periods.metric_date, periods.window_days
    union all by name
    select
        event_date as metric_date,
        1 as window_days,
        count(distinct unit_key) as units,
    from units
    group by event_date

),

buckets as (

    select
        periods.metric_date,
        periods.window_days,
        durations.bucket,
        sum(durations.n) as n,
    from durations
    inner join periods on durations.event_date between periods.first_date and periods.metric_date
    group by all

),

running as (

    select
        *,
        sum(n) over (partition by metric_date, window_days order by bucket) as running,
        sum(n) over (partition by metric_date, window_days) as whole,
    from buckets

),

quantiles as (

    select
        metric_date,
        window_days,
        sum(n) as duration_n,
        {{ quantile(0.50) }} as p50_ms,
        {{ quantile(0.95) }} as p95_ms,
        {{ quantile(0.99) }} as p99_ms,
    from running
    group by metric_date, window_days

),

joined as (

    select
        sums.*,
        sums.successes + sums.failures as known,
        coalesce(active.units, 0) as units,
        coalesce(quantiles.duration_n, 0) as duration_n,
        quantiles.p50_ms,
        quantiles.p95_ms,
        quantiles.p99_ms,
    from sums
    left join active
        on sums.metric_date = active.metric_date and sums.window_days = active.window_days
    left join quantiles
        on sums.metric_date = quantiles.metric_date and sums.window_days = quantiles.window_days

),

metrics as (

    select
        metric_date,
        window_days,
        unnest([
            {%- for metric, numerator, denominator, n in kpis() %}
            {
                'metric': '{{ metric }}',
                'numerator': cast({{ numerator }} as double),
                'denominator': cast({{ denominator }} as double),
                'n': cast({{ n }} as bigint)
            },
            {%- endfor %}
        ]) as kpi,
    from joined

)

select
    {{ run_context('as_of') }} as as_of,
    metric_date,
    window_days,
    kpi.metric,
    kpi.numerator,
    kpi.denominator,
    kpi.n,
from metrics
