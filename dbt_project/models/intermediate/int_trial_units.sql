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
        daily.*,
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

),

entered as (

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
    begun.phase_started_at,
    ever.ever_exposed_at,
    least(
        entered.earliest.exposed_at + to_days(trials.conversion_days),
        coalesce(trials.outcomes_until, timestamp 'infinity')
    ) as outcomes_until,
from entered
inner join trials on entered.trial_id = trials.trial_id and entered.phase = trials.phase
inner join begun on entered.trial_id = begun.trial_id and entered.phase = begun.phase
inner join ever
    on trials.flag_key = ever.flag_key
    and trials.unit_type = ever.unit_type
    and entered.unit_id = ever.unit_id
left join moved
    on entered.trial_id = moved.trial_id
    and entered.phase = moved.phase
    and entered.unit_id = moved.unit_id
