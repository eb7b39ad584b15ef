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

    select * from {{ ref('int_values_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }} and measure = 'duration_ms' and level = 'root' and dimension = 'all'

),

units as (

    select * from {{ ref('int_service_units_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }}

),

behaviours as (

    select * from {{ ref('int_request_behaviours') }}
    where {{ has_landed() }} and {{ in_window(days_shown() + 6) }}

),

outcomes as (

    select * from {{ ref('int_outcomes_daily') }}
    where {{ has_landed() }} and {{ in_window(days_read()) }} and metric = 'minutes_saved' and unit_type = logged_type

),

feature_units as (

    select distinct
        interaction_units.event_date,
        interaction_units.unit_key,
    from {{ ref('int_interaction_units_daily') }} as interaction_units
    inner join {{ ref('int_combinations') }} as features
        on interaction_units.combination_id = features.combination_id
    where
        interaction_units.landed_date between {{ run_context('history_start') }} and {{ run_context('as_of') }}
        and {{ in_window(days_shown() + 6, 'interaction_units.event_date') }}
        and features.feature <> ''

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
    union all by name
    select event_date, sum(tickets_opened) as tickets from events group by event_date
    union all by name
    select
        event_date,
        count(*) as asked,
        {%- for column, condition in behaviour_counts() %}
        count(*) filter (where {{ condition }}) as {{ column }},
        {%- endfor %}
    from behaviours
    group by event_date
    union all by name
    select event_date, sum(value_sum) as minutes_saved, sum(observations) as minutes_saved_n from outcomes group by event_date

),

-- silence about tickets or features says nothing before the first one was ever logged
logged as (

    select
        coalesce(bool_or(tickets_opened > 0), false) as has_tickets,
        (select count(*) > 0 from feature_units) as has_features,
    from events

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

feature_unit_days as (

    select
        unit_key,
        bit_or({{ day_bit() }}) as days,
    from feature_units
    group by unit_key

),

using_features as (

    select
        periods.metric_date,
        periods.window_days,
        count(*) as units,
    from feature_unit_days
    inner join periods on feature_unit_days.days & {{ days_between('periods.first_date', 'periods.metric_date') }} <> 0
    where periods.window_days = 7
    group by periods.metric_date, periods.window_days
    union all by name
    select
        event_date as metric_date,
        1 as window_days,
        count(*) as units,
    from feature_units
    group by event_date

),

-- users by the age of their first day, and the days since on which they were there
first_days as (

    select
        unit_key,
        {{ run_context('as_of') }} - min(event_date) as age,
        bit_or({{ day_bit() }}) as days,
    from units
    where {{ in_window(64) }} and unit_key & 3 = 1
    group by unit_key

),

cohorts as (

    select
        {{ run_context('as_of') }} as metric_date,
        1 as window_days,
        {%- for after in [7, 30] %}
        count(*) filter (where {{ is_cohort(after) }}) as cohort_{{ after }},
        count(*) filter (where {{ is_cohort(after) }} and {{ came_back(after) }}) as returned_{{ after }},
        {%- endfor %}
    from first_days

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
        {%- for metric, share in kpi_quantiles().items() %}
        {{ quantile(share) }} as {{ metric }},
        {{ quantile_limit(share, 'low') }} as {{ metric }}_low,
        {{ quantile_limit(share, 'high') }} as {{ metric }}_high,
        {%- endfor %}
    from running
    group by metric_date, window_days

),

joined as (

    select
        sums.*,
        sums.successes + sums.failures as known,
        coalesce(active.units, 0) as units,
        coalesce(quantiles.duration_n, 0) as duration_n,
        {%- for metric in kpi_quantiles() %}
        quantiles.{{ metric }},
        quantiles.{{ metric }}_low,
        quantiles.{{ metric }}_high,
        {%- endfor %}
        logged.has_tickets,
        coalesce(using_features.units, 0) as feature_units,
        case when logged.has_features then coalesce(active.units, 0) else 0 end as feature_of_units,
        {%- for after in [7, 30] %}
        coalesce(cohorts.cohort_{{ after }}, 0) as cohort_{{ after }},
        coalesce(cohorts.returned_{{ after }}, 0) as returned_{{ after }},
        {%- endfor %}
    from sums
    cross join logged
    left join active
        on sums.metric_date = active.metric_date and sums.window_days = active.window_days
    left join quantiles
        on sums.metric_date = quantiles.metric_date and sums.window_days = quantiles.window_days
    left join using_features
        on sums.metric_date = using_features.metric_date and sums.window_days = using_features.window_days
    left join cohorts
        on sums.metric_date = cohorts.metric_date and sums.window_days = cohorts.window_days

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
                'n': cast({{ n }} as bigint),
                'low': cast({{ metric ~ '_low' if metric in kpi_quantiles() else 'null' }} as double),
                'high': cast({{ metric ~ '_high' if metric in kpi_quantiles() else 'null' }} as double)
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
    kpi.low,
    kpi.high,
from metrics
