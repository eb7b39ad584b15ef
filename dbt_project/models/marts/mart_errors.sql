with groups as (

    select * from {{ ref('int_error_groups') }}

),

daily as (

    select
        errors.*,
        groups.fingerprint,
        {{ in_window(7, 'errors.event_date') }} as is_current,
    from {{ ref('int_errors_daily') }} as errors
    inner join groups on errors.error_key = groups.error_key
    where {{ has_landed('errors.landed_date') }} and {{ in_window(35, 'errors.event_date') }}

),

kinds as (

    select
        kinds.* exclude (message_template, frames),
        groups.fingerprint,
        groups.message_template,
        groups.frames,
    from {{ ref('int_error_kinds_daily') }} as kinds
    inner join groups on kinds.error_key = groups.error_key
    where {{ has_landed('kinds.landed_date') }} and kinds.event_date <= {{ run_context('as_of') }}

),

events as (

    select distinct event_date from {{ ref('int_events_daily') }}
    where {{ has_landed() }} and event_date <= {{ run_context('as_of') }}

),

changes as (

    select * from {{ ref('int_changes_daily') }}
    where {{ has_landed() }} and kind in {{ change_kinds() }}

),

observed as (

    select
        event_date,
        row_number() over (order by event_date) as nth,
    from events

),

exposure as (

    select
        count(*) filter (where {{ in_window(7) }}) as exposure_days,
        count(*) filter (where {{ in_window(35) }} and not {{ in_window(7) }}) as previous_exposure_days,
        min(event_date) as first_date,
    from events

),

seen as (

    select distinct
        kinds.fingerprint,
        kinds.event_date,
        observed.nth,
    from kinds
    inner join observed on kinds.event_date = observed.event_date

),

gaps as (

    select
        fingerprint,
        event_date,
        nth - lag(nth) over (partition by fingerprint order by nth) - 1 as quiet_days,
    from seen

),

returns as (

    select
        fingerprint,
        max(event_date) as returned_on,
    from gaps
    where quiet_days >= {{ quiet_days() }}
    group by fingerprint

),

history as (

    select
        fingerprint,
        min(error_type) as error_type,
        min(message_template) as message_template,
        min(frames) as frames,
        min(sample_message) as sample_message,
        min(culprit) as culprit,
        count(distinct error_key) as kinds,
        sum(occurrences) as occurrences_total,
        min(event_date) as first_seen,
        max(event_date) as last_seen,
        min(first_at) as first_at,
        min(first_seen_in).release as first_release,
    from kinds
    group by fingerprint

),

counted as (

    select
        fingerprint,
        coalesce(sum(occurrences) filter (where is_current), 0) as occurrences,
        coalesce(sum(occurrences) filter (where not is_current), 0) as previous_occurrences,
        coalesce(sum(interactions) filter (where is_current), 0) as interactions,
        coalesce(sum(handled) filter (where is_current), 0) as handled,
        count(distinct unit_key) filter (where is_current) as units,
        count(distinct event_date) filter (where is_current) as days,
        {{ unit_kind_of('max(unit_key & 3) filter (where is_current)') }} as unit_kind,
        {{ merged('apis', 'is_current') }} as apis,
        {{ merged('http_statuses', 'is_current') }} as http_statuses,
        {{ newest('last_event_id', 'last_at', 5, 'is_current') }} as sample_event_ids,
    from daily
    group by fingerprint

),

suspects as (

    select
        history.fingerprint,
        arg_max(changes.event_id, (
            coalesce(changes.kind = 'release' and changes.after = history.first_release, false),
            changes.occurred_at,
            changes.event_id
        )) as event_id,
    from history
    cross join exposure
    inner join changes
        on changes.occurred_at between history.first_at - to_days({{ change_reach_days() }}) and history.first_at
    where history.first_seen > exposure.first_date
    group by history.fingerprint

),

culprits as (

    select
        suspects.fingerprint,
        max(changes.event_id) as change_id,
        max(changes.kind) as change_kind,
        max(changes.target) as change_target,
        max(changes.before) as change_before,
        max(changes.after) as change_after,
        max(changes.occurred_at) as change_at,
    from suspects
    inner join changes on suspects.event_id = changes.event_id
    group by suspects.fingerprint

)

select
    {{ run_context('as_of') }} as as_of,
    counted.fingerprint,
    {{ fingerprint_version() }} as fingerprint_version,
    history.error_type,
    history.message_template,
    case when history.frames = '' then [] else string_split(history.frames, chr(10)) end as frames,
    history.culprit,
    coalesce(history.sample_message, '') as sample_message,
    history.kinds,
    cast(counted.occurrences as bigint) as occurrences,
    cast(counted.previous_occurrences as bigint) as previous_occurrences,
    cast(history.occurrences_total as bigint) as occurrences_total,
    counted.units,
    counted.unit_kind,
    cast(counted.interactions as bigint) as interactions,
    cast(counted.handled as bigint) as handled,
    history.first_seen,
    history.last_seen,
    returns.returned_on,
    history.first_at,
    culprits.change_id,
    culprits.change_kind,
    culprits.change_target,
    culprits.change_before,
    culprits.change_after,
    culprits.change_at,
    counted.apis,
    cast(counted.http_statuses as integer[]) as http_statuses,
    counted.sample_event_ids,
    counted.days,
    exposure.exposure_days,
    exposure.previous_exposure_days,
from counted
inner join history on counted.fingerprint = history.fingerprint
left join returns on counted.fingerprint = returns.fingerprint
left join culprits on counted.fingerprint = culprits.fingerprint
cross join exposure
