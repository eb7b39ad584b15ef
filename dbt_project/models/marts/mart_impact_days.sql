with told as (

    {{ run_table('impacts') }}

),

kinds as (

    select distinct
        groups.error_key,
        groups.fingerprint,
        {{ previous_error_key('kinds.error_type', 'kinds.message_template') }} as previous_fingerprint,
    from {{ ref('int_error_groups') }} as groups
    inner join {{ ref('int_error_kinds_daily') }} as kinds on groups.error_key = kinds.error_key
    where {{ has_landed('kinds.landed_date') }} and kinds.event_date <= {{ run_context('as_of') }}

),

-- a bug may have got another fingerprint since: its keys are those of the fingerprint that it has tonight
present as (

    select distinct
        told.improvement_id,
        told.revision,
        kinds.fingerprint,
    from told
    inner join kinds on told.fingerprint in (kinds.fingerprint, kinds.error_key, kinds.previous_fingerprint)

),

keys as (

    select
        told.*,
        list(distinct kinds.error_key) as error_keys,
    from told
    inner join present on told.improvement_id = present.improvement_id and told.revision = present.revision
    inner join kinds on present.fingerprint = kinds.fingerprint
    group by all

),

hits as (

    select
        keys.improvement_id,
        keys.revision,
        keys.deployed_on,
        failed.event_date,
        failed.intent,
        failed.published_version,
        sum(failed.failed) as failed,
    from {{ ref('int_failed_attempts_daily') }} as failed
    inner join keys
        on failed.event_date between keys.baseline_from and keys.measured_until
        and list_has_any(failed.error_keys, keys.error_keys)
    where {{ has_landed('failed.landed_date') }} and failed.event_date <= {{ run_context('as_of') }}
    group by all

),

affected as (

    select distinct
        improvement_id,
        revision,
        intent,
    from hits
    where event_date < deployed_on

),

attempts as (

    select
        event_date,
        intent,
        published_version,
        sum(attempts) as attempts,
        sum(failures) as failures,
    from {{ ref('int_attempts_daily') }}
    where {{ has_landed() }} and event_date <= {{ run_context('as_of') }}
        and event_date >= (select min(baseline_from) from told)
    group by all

),

compared as (

    select
        told.improvement_id,
        told.revision,
        attempts.*,
        affected.intent is not null as is_affected,
        attempts.published_version = told.published_version
        or (
            regexp_matches(attempts.published_version, '^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{8}$')
            and coalesce(try_cast(left(attempts.published_version, 10) as date) > told.version_date, false)
        ) as holds_fix,
    from told
    inner join attempts on attempts.event_date between told.baseline_from and told.measured_until
    left join affected
        on told.improvement_id = affected.improvement_id
        and told.revision = affected.revision
        and attempts.intent = affected.intent
    where told.is_open
        and (affected.intent is not null or attempts.intent not in (select intent from affected))

)

select
    {{ run_context('as_of') }} as as_of,
    compared.improvement_id,
    compared.revision,
    compared.event_date,
    case when compared.is_affected then 'affected' else 'unaffected' end as cohort,
    compared.holds_fix,
    cast(count(distinct compared.intent) as integer) as intents,
    cast(sum(compared.attempts) as bigint) as attempts,
    cast(sum(compared.failures) as bigint) as failures,
    cast(coalesce(sum(hits.failed), 0) as bigint) as failed,
from compared
left join hits
    on compared.improvement_id = hits.improvement_id
    and compared.revision = hits.revision
    and compared.event_date = hits.event_date
    and compared.intent = hits.intent
    and compared.published_version = hits.published_version
    and compared.is_affected
group by all
