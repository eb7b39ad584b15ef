with metrics as (

    {{ run_table('trial_metrics') }}

),

units as (

    select
        units.*,
        metrics.metric,
        metrics.metric_kind,
        metrics.source,
        metrics.source_metric,
        units.ever_exposed_at - to_days(metrics.covariate_days) as covariate_from,
    from {{ ref('int_trial_units') }} as units
    inner join metrics on units.trial_id = metrics.trial_id and units.phase = metrics.phase

),

outcomes as (

    select * from {{ ref('int_outcomes_daily') }}
    where {{ has_landed() }} and metric in (select source_metric from metrics where source = 'outcome')

),

requests as (

    select * from {{ ref('int_unit_requests_daily') }}
    where {{ has_landed() }} and exists (select 1 from metrics where source = 'interaction')

),

outcome_days as (

    select
        units.*,
        outcomes.event_date,
        outcomes.pair_id,
        outcomes.observations,
        outcomes.positives,
        outcomes.value_sum,
        outcomes.denominator_sum,
        outcomes.events,
    from units
    inner join outcomes
        on units.source_metric = outcomes.metric
        and units.unit_type = outcomes.unit_type
        and units.unit_id = outcomes.unit_id
        and outcomes.event_date <= cast(units.outcomes_until as date)
        and outcomes.event_date >= cast(least(units.covariate_from, units.phase_started_at) as date)
    where units.source = 'outcome'

),

request_days as (

    select
        units.*,
        requests.event_date,
        '' as pair_id,
        case units.source_metric
            {%- for name, _ in request_measures() %}
            when '{{ name }}' then {{ name }}_n
            {%- endfor %}
        end as observations,
        case units.source_metric
            {%- for name, _ in request_measures() %}
            when '{{ name }}' then {{ name }}_positives
            {%- endfor %}
        end as positives,
        case units.source_metric
            {%- for name, _ in request_measures() %}
            when '{{ name }}' then {{ name }}_sum
            {%- endfor %}
        end as value_sum,
        {{ exact('observations') }} as denominator_sum,
        case when
            {{ is_at_an_end('units.first_exposed_at', 'units.outcomes_until') }}
            or {{ is_at_an_end('units.covariate_from', 'units.ever_exposed_at') }}
        then list_filter(
            list_transform(requests.events, lambda event: {
                'at': event.at,
                'value': case units.source_metric
                    {%- for name, _ in request_measures() %}
                    when '{{ name }}' then event.{{ name }}
                    {%- endfor %}
                end,
                'denominator': 1.0::double,
            }),
            lambda event: event.value is not null
        ) end as events,
    from units
    inner join requests
        on units.unit_type = requests.unit_type
        and units.unit_id = requests.unit_id
        and requests.event_date <= cast(units.outcomes_until as date)
        and requests.event_date >= cast(units.covariate_from as date)
    where units.source = 'interaction'

),

days as (

    select * from outcome_days
    union all by name
    select * from request_days

),

windows as (

    select
        *,
        {{ is_inside('first_exposed_at', 'outcomes_until') }} as y_inside,
        {{ is_inside('covariate_from', 'ever_exposed_at') }} as x_inside,
        case when {{ is_at_an_end('first_exposed_at', 'outcomes_until') }} then
            list_filter(events, lambda event: event.at >= first_exposed_at and event.at < outcomes_until)
        end as y_events,
        case when {{ is_at_an_end('covariate_from', 'ever_exposed_at') }} then
            list_filter(events, lambda event: event.at >= covariate_from and event.at < ever_exposed_at)
        end as x_events,
        source = 'outcome' and coalesce(
            len(list_filter(events, lambda event: event.at >= phase_started_at and event.at < ever_exposed_at)), 0
        ) > 0 as is_early,
    from days

),

summed as (

    select
        trial_id,
        phase,
        variant,
        unit_id,
        metric,
        metric_kind,
        {%- for window in ['y', 'x'] %}
        cast(sum({{ inside_count(window, 'observations') }}) as bigint) as {{ window }}_n,
        sum({{ inside_count(window, 'positives', 'event.value > 0') }}) > 0 as {{ window }}_positive,
        sum({{ inside_sum(window, 'value_sum', 'value') }}) as {{ window }}_value,
        sum({{ inside_sum(window, 'denominator_sum', 'denominator') }}) as {{ window }}_denominator,
        {%- endfor %}
        min(pair_id) filter (where pair_id <> '' and (y_inside or len(y_events) > 0)) as pair_id,
        bool_or(is_early) as has_early_outcome,
    from windows
    group by all

),

pooled as (

    select
        *,
        cast(sum(x_value) over trial_metrics as double)
            / nullif(cast(sum(x_denominator) over trial_metrics as double), 0) as x_ratio,
        min(pair_id) over (partition by trial_id, phase, unit_id) as unit_pair_id,
    from summed
    window trial_metrics as (partition by trial_id, phase, metric)

)

select
    trial_id,
    phase,
    variant,
    unit_id,
    metric,
    metric_kind,
    unit_pair_id as pair_id,
    y_n as observations,
    case metric_kind
        when 'proportion' then cast(y_positive as double)
        when 'quantile' then cast(y_value as double) / nullif(cast(y_denominator as double), 0)
        else cast(y_value as double)
    end as y,
    cast(y_denominator as double) as d,
    case metric_kind
        when 'proportion' then cast(x_positive as double)
        when 'mean' then cast(x_value as double)
        when 'ratio' then coalesce(cast(x_value as double) - x_ratio * cast(x_denominator as double), 0)
        else 0
    end as x,
    has_early_outcome,
from pooled
