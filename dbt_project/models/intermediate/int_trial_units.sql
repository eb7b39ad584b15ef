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

-- of a trial that is closed nothing counts that landed later
flags as (

    select distinct flag_key, unit_type, landed_until from trials

),

-- before it no unit can owe anything to the flag, in whatever phase
ever as (

    select
        daily.flag_key,
        daily.unit_type,
        daily.unit_id,
        flags.landed_until,
        min(daily.first_exposed_at) as ever_exposed_at,
    from daily
    inner join flags
        on daily.flag_key = flags.flag_key
        and daily.unit_type = flags.unit_type
        and daily.landed_date <= flags.landed_until
    group by all

),

of_trials as (

    select
        trials.trial_id,
        trials.phase,
        trials.starts_at,
        trials.horizon_days,
        daily.*,
    from daily
    inner join trials
        on daily.flag_key = trials.flag_key
        and daily.unit_type = trials.unit_type
        and daily.landed_date <= trials.landed_until
        and daily.reason = coalesce(trials.reason, daily.reason)
        and daily.first_exposed_at < coalesce(trials.ends_at, timestamp 'infinity')
    inner join variants
        on trials.trial_id = variants.trial_id
        and trials.phase = variants.phase
        and daily.variant = variants.variant
    where trials.follows_trial is null

),

met_before as (

    select distinct trial_id, phase, unit_id, event_date
    from of_trials
    where first_exposed_at < starts_at and event_date = cast(starts_at as date)

),

-- on the day on which a phase begins only units that had not met the flag before count, else those who changed would
of_phases as (

    select * from of_trials
    anti join met_before using (trial_id, phase, unit_id, event_date)
    where first_exposed_at >= coalesce(starts_at, timestamp '-infinity')

),

begun as (

    select
        trial_id,
        phase,
        coalesce(min(starts_at), min(first_exposed_at)) as phase_started_at,
    from of_phases
    group by all
    union all
    select trial_id, phase, starts_at from trials where follows_trial is not null

),

exposed as (

    select
        of_phases.trial_id,
        of_phases.phase,
        of_phases.unit_id,
        min(of_phases.variant) <> max(of_phases.variant) as crossover,
        min({
            'exposed_at': first_exposed_at,
            'variant': variant,
            'reason': reason,
            'landed_date': landed_date,
            'service': service,
            'release': release,
            'environment': environment,
        }) as earliest,
    from of_phases
    inner join begun on of_phases.trial_id = begun.trial_id and of_phases.phase = begun.phase
    where horizon_days is null
        or first_exposed_at < date_trunc('day', phase_started_at) + to_days(horizon_days)
    group by all

),

-- a cohort: all units of another trial from an instant on, by the variant that they had met there; where they are pooled
-- each counts for as long as it did there, so that before and after can be compared
cohorts as (

    select
        trials.trial_id,
        trials.phase,
        exposed.unit_id,
        false as crossover,
        {
            'exposed_at': trials.starts_at,
            'variant': if(trials.is_pooled, trials.control, exposed.earliest.variant),
            'reason': exposed.earliest.reason,
            'landed_date': exposed.earliest.landed_date,
            'service': exposed.earliest.service,
            'release': exposed.earliest.release,
            'environment': exposed.earliest.environment,
        } as earliest,
        case when trials.is_pooled then least(
            exposed.earliest.exposed_at + to_days(followed.conversion_days),
            coalesce(followed.outcomes_until, timestamp 'infinity')
        ) - exposed.earliest.exposed_at end as counted_for,
    from trials
    inner join exposed on trials.follows_trial = exposed.trial_id and trials.follows_phase = exposed.phase
    inner join trials as followed
        on trials.follows_trial = followed.trial_id and trials.follows_phase = followed.phase

),

entered as (

    select * from exposed
    union all by name
    select * from cohorts

),

edited as (

    select trial_id from trials where phase > 1

),

moved as (

    select
        trial_id,
        phase,
        unit_id,
        earliest.variant <> lag(earliest.variant) over (partition by trial_id, unit_id order by phase) as rebucketed,
    from entered
    where trial_id in (select trial_id from edited)

)

select
    row_number() over () as unit_no,
    entered.trial_id,
    entered.phase,
    trials.unit_type,
    entered.unit_id,
    entered.earliest.variant as variant,
    entered.earliest.reason as reason,
    entered.earliest.exposed_at as first_exposed_at,
    entered.earliest.landed_date as landed_date,
    entered.earliest.service as service,
    entered.earliest.release as release,
    entered.earliest.environment as environment,
    entered.crossover,
    coalesce(moved.rebucketed, false) as rebucketed,
    trials.landed_until,
    begun.phase_started_at,
    ever.ever_exposed_at,
    least(
        entered.earliest.exposed_at + coalesce(entered.counted_for, to_days(trials.conversion_days)),
        coalesce(trials.outcomes_until, timestamp 'infinity')
    ) as outcomes_until,
from entered
inner join trials on entered.trial_id = trials.trial_id and entered.phase = trials.phase
inner join begun on entered.trial_id = begun.trial_id and entered.phase = begun.phase
inner join ever
    on trials.flag_key = ever.flag_key
    and trials.unit_type = ever.unit_type
    and trials.landed_until = ever.landed_until
    and entered.unit_id = ever.unit_id
left join moved
    on entered.trial_id = moved.trial_id
    and entered.phase = moved.phase
    and entered.unit_id = moved.unit_id
