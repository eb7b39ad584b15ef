with variants as (

    {{ run_table('trial_variants') }}

),

metrics as (

    {{ run_table('trial_metrics') }}

),

trials as (

    {{ run_table('trials') }}

),

trial_units as (

    select * from {{ ref('int_trial_units') }}

),

unit_values as (

    select * from {{ ref('int_trial_values') }}

),

pairs as (

    select * from {{ ref('int_trial_pairs') }}

),

rows_wanted as (

    select
        trials.trial_id,
        trials.phase,
        trials.kind,
        variants.variant,
        variants.variant = trials.control as is_control,
        metrics.metric,
        metrics.metric_kind,
        metrics.winsor_share,
    from trials
    inner join variants on trials.trial_id = variants.trial_id and trials.phase = variants.phase
    inner join metrics on trials.trial_id = metrics.trial_id and trials.phase = metrics.phase

),

units as (

    select trial_id, phase, variant, count(*) as units
    from trial_units
    group by all

),

entered as (

    select trial_id, phase, count(*) as trial_units
    from trial_units
    group by all

),

scales as (

    select
        trial_id,
        phase,
        metric,
        {{ scale_of('y') }} as y_scale,
        {{ scale_of('d') }} as d_scale,
        {{ scale_of('x') }} as x_scale,
    from unit_values
    group by all

),

-- of means all units are ranked, of ratios those with a value
ranked as (

    select
        unit_values.trial_id,
        unit_values.phase,
        unit_values.metric,
        unit_values.y,
        row_number() over (
            partition by unit_values.trial_id, unit_values.phase, unit_values.metric order by unit_values.y desc
        ) as place,
        floor(metrics.winsor_share * case
            when metrics.metric_kind = 'mean' then entered.trial_units
            else count(*) over (partition by unit_values.trial_id, unit_values.phase, unit_values.metric)
        end) + 1 as cap_place,
    from unit_values
    inner join metrics
        on unit_values.trial_id = metrics.trial_id
        and unit_values.phase = metrics.phase
        and unit_values.metric = metrics.metric
    inner join entered on unit_values.trial_id = entered.trial_id and unit_values.phase = entered.phase
    where metrics.winsor_share is not null and unit_values.observations > 0

),

caps as (

    select
        trial_id,
        phase,
        metric,
        coalesce(max(y) filter (where place = cap_place), 0) as winsor_cap,
    from ranked
    group by all

),

measured as (

    select
        unit_values.*,
        scales.* exclude (trial_id, phase, metric),
        caps.winsor_cap,
        case when caps.winsor_cap is not null then least(unit_values.y, caps.winsor_cap) end as capped_y,
    from unit_values
    inner join scales
        on unit_values.trial_id = scales.trial_id
        and unit_values.phase = scales.phase
        and unit_values.metric = scales.metric
    left join caps
        on unit_values.trial_id = caps.trial_id
        and unit_values.phase = caps.phase
        and unit_values.metric = caps.metric

),

sums as (

    select
        trial_id,
        phase,
        variant,
        metric,
        count(*) filter (where observations > 0) as units_with_value,
        sum(observations) as observations,
        {{ scaled_sum('y', 'y_scale') }} as sum_y,
        {{ scaled_sum('y * y', '(y_scale * y_scale)') }} as sum_yy,
        {{ scaled_sum('d', 'd_scale') }} as sum_d,
        {{ scaled_sum('d * d', '(d_scale * d_scale)') }} as sum_dd,
        {{ scaled_sum('y * d', '(y_scale * d_scale)') }} as sum_yd,
        {{ scaled_sum('x', 'x_scale') }} as sum_x,
        {{ scaled_sum('x * x', '(x_scale * x_scale)') }} as sum_xx,
        {{ scaled_sum('x * y', '(x_scale * y_scale)') }} as sum_xy,
        {{ scaled_sum('x * d', '(x_scale * d_scale)') }} as sum_xd,
        winsor_cap,
        {{ scaled_sum('capped_y', 'y_scale') }} as winsor_sum_y,
        {{ scaled_sum('capped_y * capped_y', '(y_scale * y_scale)') }} as winsor_sum_yy,
        {{ scaled_sum('capped_y * d', '(y_scale * d_scale)') }} as winsor_sum_yd,
        {{ scaled_sum('x * capped_y', '(x_scale * y_scale)') }} as winsor_sum_xy,
    from measured
    group by trial_id, phase, variant, metric, y_scale, d_scale, x_scale, winsor_cap

),

paired as (

    select
        pairs.trial_id,
        pairs.phase,
        pairs.variant,
        pairs.metric,
        count(*) filter (where pairs.y is not null and control_y is not null) as pairs,
        {{ scaled_sum('pairs.y - control_y', 'y_scale') }} as pair_sum,
        {{ scaled_sum('(pairs.y - control_y) * (pairs.y - control_y)', '(y_scale * y_scale)') }} as pair_sum_squares,
        count(*) filter (where pairs.y > control_y) as pairs_higher,
        count(*) filter (where pairs.y < control_y) as pairs_lower,
        count(*) filter (where control_y is null) as pairs_only_here,
        count(*) filter (where pairs.y is null) as pairs_only_control,
    from pairs
    inner join scales
        on pairs.trial_id = scales.trial_id
        and pairs.phase = scales.phase
        and pairs.metric = scales.metric
    group by pairs.trial_id, pairs.phase, pairs.variant, pairs.metric, y_scale

),

buckets as (

    select
        trial_id,
        phase,
        variant,
        metric,
        {{ bucket_of('y') }} as bucket,
        count(*) as n,
    from unit_values
    where metric_kind = 'quantile' and y is not null
    group by all

),

histograms as (

    select
        trial_id,
        phase,
        variant,
        metric,
        list(bucket order by bucket) as histogram_buckets,
        list(n order by bucket) as histogram_counts,
    from buckets
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    rows_wanted.trial_id,
    rows_wanted.phase,
    rows_wanted.kind,
    rows_wanted.variant,
    rows_wanted.is_control,
    rows_wanted.metric,
    rows_wanted.metric_kind,
    coalesce(units.units, 0) as units,
    coalesce(sums.units_with_value, 0) as units_with_value,
    cast(coalesce(sums.observations, 0) as bigint) as observations,
    {%- for column in ['y', 'yy', 'd', 'dd', 'yd', 'x', 'xx', 'xy', 'xd'] %}
    coalesce(sums.sum_{{ column }}, 0) as sum_{{ column }},
    {%- endfor %}
    caps.winsor_cap,
    {%- for column in ['y', 'yy', 'yd', 'xy'] %}
    case when caps.winsor_cap is not null then coalesce(sums.winsor_sum_{{ column }}, 0) end as winsor_sum_{{ column }},
    {%- endfor %}
    coalesce(paired.pairs, 0) as pairs,
    coalesce(paired.pair_sum, 0) as pair_sum,
    coalesce(paired.pair_sum_squares, 0) as pair_sum_squares,
    {%- for column in ['pairs_higher', 'pairs_lower', 'pairs_only_here', 'pairs_only_control'] %}
    coalesce(paired.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    coalesce(histograms.histogram_buckets, []::integer[]) as histogram_buckets,
    coalesce(histograms.histogram_counts, []::bigint[]) as histogram_counts,
from rows_wanted
left join units
    on rows_wanted.trial_id = units.trial_id
    and rows_wanted.phase = units.phase
    and rows_wanted.variant = units.variant
left join caps
    on rows_wanted.trial_id = caps.trial_id
    and rows_wanted.phase = caps.phase
    and rows_wanted.metric = caps.metric
{%- for name in ['sums', 'paired', 'histograms'] %}
left join {{ name }}
    on rows_wanted.trial_id = {{ name }}.trial_id
    and rows_wanted.phase = {{ name }}.phase
    and rows_wanted.variant = {{ name }}.variant
    and rows_wanted.metric = {{ name }}.metric
{%- endfor %}
{%- if is_incremental() %}
union all by name
{{ carried_rows() }}
{%- endif %}
