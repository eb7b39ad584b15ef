with trials as (

    {{ run_table('trials') }}

),

variants as (

    {{ run_table('trial_variants') }}

),

daily as (

    select * from {{ ref('int_exposures_daily') }}
    where {{ has_landed() }} and flag_key in (select flag_key from trials)

),

-- before it no unit can owe anything to the flag, in whatever phase
ever as (

    select
        flag_key,
        unit_type,
        unit_id,
        min(first_exposed_at) as ever_exposed_at,
    from daily
    group by all

),

of_trials as (

    select
        trials.trial_id,
        trials.phase,
        trials.starts_at,
        trials.horizon_days,
        trials.conversion_days,
        trials.outcomes_until,
        daily.*,
        min(daily.first_exposed_at) over (
            partition by trials.trial_id, trials.phase, daily.unit_id, daily.event_date
        ) as day_exposed_at,
    from daily
    inner join trials
        on daily.flag_key = trials.flag_key
        and daily.unit_type = trials.unit_type
        and daily.reason = coalesce(trials.reason, daily.reason)
        and daily.first_exposed_at < coalesce(trials.ends_at, timestamp 'infinity')
    inner join variants
        on trials.trial_id = variants.trial_id
        and trials.phase = variants.phase
        and daily.variant = variants.variant

),

-- on the day on which a phase begins only units that had not met the flag before count, else those who changed would
of_phases as (

    select
        *,
        coalesce(starts_at, min(first_exposed_at) over (partition by trial_id, phase)) as phase_started_at,
    from of_trials
    where day_exposed_at >= coalesce(starts_at, timestamp '-infinity')

),

entered as (

    select * from of_phases
    where horizon_days is null
        or first_exposed_at < date_trunc('day', phase_started_at) + to_days(horizon_days)

),

units as (

    select
        trial_id,
        phase,
        flag_key,
        unit_type,
        unit_id,
        phase_started_at,
        conversion_days,
        outcomes_until,
        count(distinct variant) > 1 as crossover,
        min({
            'exposed_at': first_exposed_at,
            'variant': variant,
            'reason': reason,
            'landed_date': landed_date,
            'service': service,
            'release': release,
            'environment': environment,
        }) as earliest,
    from entered
    group by all

)

select
    units.trial_id,
    units.phase,
    units.unit_type,
    units.unit_id,
    units.earliest.variant as variant,
    units.earliest.reason as reason,
    units.earliest.exposed_at as first_exposed_at,
    units.earliest.landed_date as landed_date,
    units.earliest.service as service,
    units.earliest.release as release,
    units.earliest.environment as environment,
    units.crossover,
    coalesce(lag(units.earliest.variant) over (
        partition by units.trial_id, units.unit_id order by units.phase
    ) <> units.earliest.variant, false) as rebucketed,
    units.phase_started_at,
    ever.ever_exposed_at,
    least(
        units.earliest.exposed_at + to_days(units.conversion_days),
        coalesce(units.outcomes_until, timestamp 'infinity')
    ) as outcomes_until,
from units
inner join ever
    on units.flag_key = ever.flag_key
    and units.unit_type = ever.unit_type
    and units.unit_id = ever.unit_id
