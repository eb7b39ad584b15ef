with groups as (

    select * from {{ ref('int_error_groups') }}

),

counted as (

    select
        groups.fingerprint,
        sum(errors.occurrences) as failures,
    from {{ ref('int_errors_daily') }} as errors
    inner join groups on errors.error_key = groups.error_key
    where {{ has_landed('errors.landed_date') }} and {{ in_window(35, 'errors.event_date') }}
    group by groups.fingerprint
    qualify row_number() over (order by failures desc, groups.fingerprint) <= {{ errors_with_cases() }}

),

failures as (

    select
        failures.*,
        counted.fingerprint,
        counted.failures,
    from {{ ref('int_fix_failures_daily') }} as failures
    inner join groups on failures.error_key = groups.error_key
    inner join counted on groups.fingerprint = counted.fingerprint
    where {{ has_landed('failures.landed_date') }} and {{ in_window(35, 'failures.event_date') }}
    {{ as_last_landed('counted', 'failures') }}

),

newest_failures as (

    select * from failures
    {{ newest_cases() }}

),

operations as (

    select
        fingerprint,
        operation,
    from newest_failures
    where operation is not null
    group by fingerprint, operation
    qualify row_number() over (partition by fingerprint order by count(*) desc, operation) = 1

),

successes as (

    select successes.*
    from {{ ref('int_fix_successes_daily') }} as successes
    where
        {{ has_landed('successes.landed_date') }}
        and {{ in_window(35, 'successes.event_date') }}
        and successes.operation in (select operation from operations)
    qualify min(successes.source) over (partition by successes.operation) = successes.source

),

succeeded as (

    select
        operation,
        sum(successes) as successes,
    from (select distinct event_date, landed_date, operation, successes from successes)
    group by operation

),

newest_successes as (

    select
        operations.fingerprint,
        successes.* exclude (successes),
        succeeded.successes,
    from operations
    inner join successes on operations.operation = successes.operation
    inner join succeeded on operations.operation = succeeded.operation
    {{ as_last_landed('operations', 'successes') }}

),

kept_successes as (

    select * from newest_successes
    {{ newest_cases() }}

)

select
    {{ run_context('as_of') }} as as_of,
    fingerprint,
    event_id as case_id,
    true as failed,
    occurred_at,
    coalesce(operation, '') as operation,
    cast(coalesce(json_extract(context, '$.params'), json_extract(context, '$.arguments'), failed_params) as varchar) as params,
    context,
    error_type,
    message,
    http_status,
    retry_after_s,
    attempts,
    method,
    succeeded_params,
    call_recovers_after_s,
    next_success_after_s,
    cast(null as double) as duration_ms,
    cast(null as varchar) as response_text,
    cast(null as bigint) as input_tokens,
    cast(failures as bigint) as logged,
from newest_failures

union all

select
    {{ run_context('as_of') }} as as_of,
    fingerprint,
    event_id as case_id,
    false as failed,
    occurred_at,
    operation,
    params,
    null as context,
    '' as error_type,
    '' as message,
    status_code as http_status,
    null as retry_after_s,
    attempt as attempts,
    method,
    null as succeeded_params,
    null as call_recovers_after_s,
    null as next_success_after_s,
    duration_ms,
    response_text,
    input_tokens,
    cast(successes as bigint) as logged,
from kept_successes
