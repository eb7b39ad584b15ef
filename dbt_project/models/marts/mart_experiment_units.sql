with variants as (

    {{ run_table('trial_variants') }}

),

trial_units as (

    select * from {{ ref('int_trial_units') }}

),

early as (

    select distinct trial_id, phase, unit_id
    from {{ ref('int_trial_values') }}
    where has_early_outcome

),

cut as (

    select
        trial_units.trial_id,
        trial_units.phase,
        trial_units.variant,
        trial_units.crossover,
        trial_units.rebucketed,
        early.unit_id is not null as exposed_after_outcome,
        unnest(list_filter([
            {'dimension': 'all', 'value': ''},
            {'dimension': 'day', 'value': cast(cast(trial_units.first_exposed_at as date) as varchar)},
            {'dimension': 'service', 'value': trial_units.service},
            {'dimension': 'release', 'value': trial_units.release},
            {'dimension': 'environment', 'value': trial_units.environment},
        ], lambda cut: cut.value is not null), recursive := true),
    from trial_units
    left join early
        on trial_units.trial_id = early.trial_id
        and trial_units.phase = early.phase
        and trial_units.unit_id = early.unit_id

),

counted as (

    select
        trial_id,
        phase,
        variant,
        dimension,
        value,
        count(*) as units,
        count(*) filter (where crossover) as crossovers,
        count(*) filter (where rebucketed) as rebucketed,
        count(*) filter (where exposed_after_outcome) as exposed_after_outcome,
    from cut
    group by all

),

-- an arm without units has none in every value that the others have
rows_wanted as (

    select distinct
        variants.trial_id,
        variants.phase,
        variants.variant,
        counted.dimension,
        counted.value,
    from variants
    inner join counted on variants.trial_id = counted.trial_id and variants.phase = counted.phase
    union
    select trial_id, phase, variant, 'all', '' from variants

)

select
    {{ run_context('as_of') }} as as_of,
    rows_wanted.trial_id,
    rows_wanted.phase,
    rows_wanted.variant,
    rows_wanted.dimension,
    rows_wanted.value,
    coalesce(counted.units, 0) as units,
    coalesce(counted.crossovers, 0) as crossovers,
    coalesce(counted.rebucketed, 0) as rebucketed,
    coalesce(counted.exposed_after_outcome, 0) as exposed_after_outcome,
from rows_wanted
left join counted
    on rows_wanted.trial_id = counted.trial_id
    and rows_wanted.phase = counted.phase
    and rows_wanted.variant = counted.variant
    and rows_wanted.dimension = counted.dimension
    and rows_wanted.value = counted.value
{%- if is_incremental() %}
union all by name
{{ carried_rows() }}
{%- endif %}
