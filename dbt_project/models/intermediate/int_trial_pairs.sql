with trials as (

    {{ run_table('trials') }}

),

unit_values as (

    select
        unit_values.*,
        trials.control,
    from {{ ref('int_trial_values') }} as unit_values
    inner join trials on unit_values.trial_id = trials.trial_id and unit_values.phase = trials.phase
    where trials.is_paired and unit_values.pair_id is not null and unit_values.observations > 0

),

members as (

    select
        trial_id,
        phase,
        metric,
        pair_id,
        variant,
        control,
        case metric_kind
            when 'ratio' then sum({{ exact('y') }}) / nullif(cast(sum({{ exact('d') }}) as double), 0)
            else sum({{ exact('y') }}) / cast(count(*) as double)
        end as y,
    from unit_values
    where y is not null
    group by trial_id, phase, metric, metric_kind, pair_id, variant, control

),

controls as (

    select * from members where variant = control

),

treatments as (

    select * from members where variant <> control

),

variants as (

    select distinct trial_id, phase, metric, variant from treatments

),

candidates as (

    select
        variants.*,
        controls.pair_id,
        controls.y,
    from variants
    inner join controls
        on variants.trial_id = controls.trial_id
        and variants.phase = controls.phase
        and variants.metric = controls.metric

)

select
    coalesce(treatments.trial_id, candidates.trial_id) as trial_id,
    coalesce(treatments.phase, candidates.phase) as phase,
    coalesce(treatments.metric, candidates.metric) as metric,
    coalesce(treatments.variant, candidates.variant) as variant,
    coalesce(treatments.pair_id, candidates.pair_id) as pair_id,
    treatments.y,
    candidates.y as control_y,
from treatments
full outer join candidates
    on treatments.trial_id = candidates.trial_id
    and treatments.phase = candidates.phase
    and treatments.metric = candidates.metric
    and treatments.variant = candidates.variant
    and treatments.pair_id = candidates.pair_id
