with trial_units as (

    select * from {{ ref('int_trial_units') }}
    where landed_date > least(landed_until, {{ run_context('as_of') }}) - {{ audited_days() }}

),

early as (

    select distinct trial_id, phase, unit_id
    from {{ ref('int_trial_values') }}
    where has_early_outcome

)

select
    {{ run_context('as_of') }} as as_of,
    trial_units.trial_id,
    trial_units.phase,
    trial_units.unit_id,
    trial_units.variant,
    trial_units.reason,
    trial_units.first_exposed_at,
    trial_units.crossover,
    trial_units.rebucketed,
    early.unit_id is not null as exposed_after_outcome,
from trial_units
left join early
    on trial_units.trial_id = early.trial_id
    and trial_units.phase = early.phase
    and trial_units.unit_id = early.unit_id
{%- if is_incremental() %}
union all by name
{{ carried_rows() }}
{%- endif %}
