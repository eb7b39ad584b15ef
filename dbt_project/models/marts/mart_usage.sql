with daily as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}

),

measured as (

    select * from {{ ref('int_values_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

unit_counts as (

    select * from {{ ref('int_unit_counts') }}

),

window_dates as (

    {{ window_dates(usage_windows()) }}

),

by_combination as (

    select
        window_dates.window_days,
        daily.combination_id,
        {%- for column in usage_sums() %}
        sum(daily.{{ column }}) as {{ column }},
        {%- endfor %}
    from daily
    inner join window_dates on daily.event_date = window_dates.event_date
    group by window_dates.window_days, daily.combination_id

),

by_value as (

    select
        by_combination.window_days,
        combinations.level,
        cut.dimension,
        cut.value,
        {%- for column in usage_sums() %}
        sum(by_combination.{{ column }}) as {{ column }},
        {%- endfor %}
    from by_combination
    inner join combinations on by_combination.combination_id = combinations.combination_id
    cross join unnest({{ cuts() }}) as cuts (cut)
    group by all

),

buckets as (

    select
        window_dates.window_days,
        measured.measure,
        measured.level,
        measured.dimension,
        measured.value,
        measured.bucket,
        sum(measured.n) as n,
    from measured
    inner join window_dates on measured.event_date = window_dates.event_date
    group by all

),

running as (

    select
        *,
        sum(n) over (partition by window_days, measure, level, dimension, value order by bucket) as running,
        sum(n) over (partition by window_days, measure, level, dimension, value) as whole,
    from buckets

),

quantiles as (

    select
        window_days,
        level,
        dimension,
        value,
        {{ total("case when measure = 'duration_ms' then n end") }} as duration_n,
        {{ total("case when measure = 'satisfaction' then n end") }} as satisfaction_n,
        {%- for measure, name, unit, shares in usage_quantiles() %}
        {%- for share in shares %}
        {{ quantile('0.' ~ share, condition="measure = '" ~ measure ~ "'") }} as {{ name ~ share ~ unit }},
        {%- endfor %}
        {%- endfor %}
    from running
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    by_value.window_days,
    by_value.level,
    by_value.dimension,
    by_value.value,
    cast(by_value.requests as bigint) as requests,
    cast(by_value.successes as bigint) as successes,
    cast(by_value.failures as bigint) as failures,
    cast(by_value.unknown as bigint) as unknown,
    cast(by_value.timed_out as bigint) as timed_out,
    coalesce(unit_counts.units, 0) as units,
    coalesce(unit_counts.unit_kind, 'none') as unit_kind,
    coalesce(quantiles.duration_n, 0) as duration_n,
    cast(by_value.token_n as bigint) as token_n,
    cast(by_value.input_tokens as bigint) as input_tokens,
    cast(by_value.output_tokens as bigint) as output_tokens,
    cast(by_value.cost_n as bigint) as cost_n,
    cast(by_value.cost_usd as double) as cost_usd,
    cast(by_value.quality_n as bigint) as quality_n,
    cast(by_value.quality_sum as double) as quality_sum,
    coalesce(quantiles.satisfaction_n, 0) as satisfaction_n,
    {%- for measure, name, unit, shares in usage_quantiles() %}
    {%- for share in shares %}
    {{ within_scale(measure, 'quantiles.' ~ name ~ share ~ unit) }} as {{ name ~ share ~ unit }},
    {%- endfor %}
    {%- endfor %}
from by_value
left join unit_counts
    on by_value.window_days = unit_counts.window_days
    and by_value.level = unit_counts.level
    and by_value.dimension = unit_counts.dimension
    and by_value.value = unit_counts.value
left join quantiles
    on by_value.window_days = quantiles.window_days
    and by_value.level = quantiles.level
    and by_value.dimension = quantiles.dimension
    and by_value.value = quantiles.value
