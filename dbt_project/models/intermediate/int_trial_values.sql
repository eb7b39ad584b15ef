{#
    Windows begin and end in mid-day: a day on which one does is read event by event, every other day as a whole, as if
    all of it had happened at its midnight.
#}
with metrics as (

    {{ run_table('trial_metrics') }}

),

numbered as (

    select *, row_number() over () as metric_no from metrics

),

units as (

    select * from {{ ref('int_trial_units') }}

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
        {{ windows_of_units() }},
        numbered.metric_no,
        outcomes.* exclude (unit_type, unit_id, logged_type),
        {{ has_an_end('outcomes.event_date') }}
            or cast(units.ever_exposed_at as date) - outcomes.event_date = numbered.covariate_days as is_split,
        units.ever_exposed_at - to_days(numbered.covariate_days) as covariate_from,
    from outcomes
    inner join units
        on outcomes.unit_type = units.unit_type
        and outcomes.unit_id = units.unit_id
        and outcomes.event_date <= cast(units.outcomes_until as date)
        and outcomes.landed_date <= units.landed_until
    inner join numbered
        on units.trial_id = numbered.trial_id
        and units.phase = numbered.phase
        and outcomes.metric = numbered.source_metric
        and outcomes.logged_type = numbered.logged_type
        and outcomes.event_date >= cast(least(
            units.ever_exposed_at - to_days(numbered.covariate_days), units.phase_started_at
        ) as date)
    where numbered.source = 'outcome'

),

outcome_events as (

    select
        * exclude (events),
        unnest(case when is_split then events else [{{ whole_day(['value', 'denominator']) }}] end) as event,
    from outcome_days

),

outcome_values as (

    select
        *,
        case when is_split then 1 else observations end as n,
        case when is_split then event.value > 0 else positives > 0 end as is_positive,
        case when is_split then {{ exact('event.value') }} else value_sum end as value,
        case when is_split then {{ exact('event.denominator') }} else denominator_sum end as denominator,
        event.at >= phase_started_at and event.at < ever_exposed_at as is_early,
        {{ is_in_window('y') }} as is_y,
        {{ is_in_window('x') }} as is_x,
    from outcome_events

),

outcome_sums as (

    select
        unit_no,
        metric_no,
        {%- for window in ['y', 'x'] %}
        sum(n) filter (where is_{{ window }}) as {{ window }}_n,
        bool_or(is_positive) filter (where is_{{ window }}) as {{ window }}_positive,
        sum(value) filter (where is_{{ window }}) as {{ window }}_value,
        sum(denominator) filter (where is_{{ window }}) as {{ window }}_denominator,
        {%- endfor %}
        min(pair_id) filter (where pair_id <> '' and is_y) as pair_id,
        bool_or(is_early) as has_early_outcome,
    from outcome_values
    where is_y or is_x or is_early
    group by all

),

spans as (

    select
        trial_id,
        phase,
        max(covariate_days) as longest_days,
        list(distinct covariate_days) as covariate_spans,
        bool_or(threshold is not null) as has_threshold,
    from metrics
    where source = 'interaction'
    group by all

),

request_days as (

    select
        {{ windows_of_units() }},
        units.trial_id,
        units.phase,
        requests.* exclude (unit_type, unit_id),
        spans.has_threshold or {{ has_an_end('requests.event_date') }} or list_contains(
            spans.covariate_spans, cast(units.ever_exposed_at as date) - requests.event_date
        ) as is_split,
    from requests
    inner join units
        on requests.unit_type = units.unit_type
        and requests.unit_id = units.unit_id
        and requests.event_date <= cast(units.outcomes_until as date)
        and requests.landed_date <= units.landed_until
    inner join spans
        on units.trial_id = spans.trial_id
        and units.phase = spans.phase
        and requests.event_date >= cast(units.ever_exposed_at - to_days(spans.longest_days) as date)

),

request_events as (

    select
        * exclude (events),
        unnest(case when is_split then events else [{{ whole_day(request_measures() | map('first')) }}] end) as event,
    from request_days

),

request_values as (

    select
        events.unit_no,
        numbered.metric_no,
        numbered.threshold,
        events.ever_exposed_at - to_days(numbered.covariate_days) as covariate_from,
        case numbered.source_metric
            {%- for name, _ in request_measures() %}
            when '{{ name }}' then
                case when is_split then cast(event.{{ name }} is not null as bigint) else {{ name }}_n end
            {%- endfor %}
        end as n,
        case numbered.source_metric
            {%- for name, _ in request_measures() %}
            when '{{ name }}' then case when is_split then {{ exact('event.' ~ name) }} else {{ name }}_sum end
            {%- endfor %}
        end as value,
        {{ is_in_window('y') }} as is_y,
        {{ is_in_window('x') }} as is_x,
    from request_events as events
    inner join numbered on events.trial_id = numbered.trial_id and events.phase = numbered.phase
    where numbered.source = 'interaction' and (
        event.at >= events.first_exposed_at and event.at < events.outcomes_until
        or numbered.covariate_days > 0 and event.at < events.ever_exposed_at
    )

),

request_sums as (

    select
        unit_no,
        metric_no,
        {%- for window in ['y', 'x'] %}
        sum(n) filter (where is_{{ window }}) as {{ window }}_n,
        sum(case when threshold is null then value when value > threshold then 1 else 0 end)
            filter (where is_{{ window }}) as {{ window }}_value,
        {%- endfor %}
    from request_values
    where n > 0 and (is_y or is_x)
    group by all

),

summed as (

    select
        unit_no,
        metric_no,
        {%- for window in ['y', 'x'] %}
        coalesce({{ window }}_n, 0) as {{ window }}_n,
        coalesce({{ window }}_positive, false) as {{ window }}_positive,
        coalesce({{ window }}_value, 0) as {{ window }}_value,
        coalesce({{ window }}_denominator, 0) as {{ window }}_denominator,
        {%- endfor %}
        pair_id,
        has_early_outcome,
    from outcome_sums
    union all
    -- measures of requests are never below zero
    select
        unit_no,
        metric_no,
        {%- for window in ['y', 'x'] %}
        coalesce({{ window }}_n, 0),
        coalesce({{ window }}_value, 0) > 0,
        coalesce({{ window }}_value, 0),
        coalesce({{ exact(window ~ '_n') }}, 0),
        {%- endfor %}
        null,
        false,
    from request_sums

),

x_ratios as (

    select
        metric_no,
        cast(sum(x_value) as double) / nullif(cast(sum(x_denominator) as double), 0) as x_ratio,
    from summed
    group by all

),

unit_pairs as (

    select unit_no, min(pair_id) as pair_id
    from summed
    where pair_id is not null
    group by all

)

select
    units.trial_id,
    units.phase,
    units.variant,
    units.unit_id,
    numbered.metric,
    numbered.metric_kind,
    unit_pairs.pair_id,
    cast(summed.y_n as bigint) as observations,
    case numbered.metric_kind
        when 'proportion' then cast(summed.y_positive as double)
        when 'quantile' then cast(summed.y_value as double) / nullif(cast(summed.y_denominator as double), 0)
        else cast(summed.y_value as double)
    end as y,
    cast(summed.y_denominator as double) as d,
    case numbered.metric_kind
        when 'proportion' then cast(summed.x_positive as double)
        when 'mean' then cast(summed.x_value as double)
        when 'ratio' then coalesce(
            cast(summed.x_value as double) - x_ratios.x_ratio * cast(summed.x_denominator as double), 0
        )
        else 0
    end as x,
    summed.has_early_outcome,
from summed
inner join units on summed.unit_no = units.unit_no
inner join numbered on summed.metric_no = numbered.metric_no
inner join x_ratios on summed.metric_no = x_ratios.metric_no
left join unit_pairs on summed.unit_no = unit_pairs.unit_no
