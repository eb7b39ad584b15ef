with kinds as (

    select
        event_id,
        event_date,
        landed_date,
        error_key,
    from {{ ref('int_errors') }}
    qualify row_number() over (
        partition by event_date, landed_date, error_key
        order by occurred_at desc, event_id
    ) <= {{ failures_kept_a_day() }}

),

errors as (

    select
        kinds.error_key,
        events.*,
        {{ operation_of('events.context', 'events.api') }} as operation,
        {{ request_key() }} as request_key,
    from {{ ref('stg_error') }} as events
    inner join kinds
        on events.event_id = kinds.event_id
        and events.event_date = kinds.event_date
        and events.landed_date = kinds.landed_date
    where {{ is_pending('events.landed_date') }}

),

attempts as (

    select
        *,
        {{ operation_of('attributes', 'api') }} as operation,
        {{ request_key() }} as request_key,
        {{ attempt_failed() }} as failed,
    from {{ ref('stg_api_call') }}
    where {{ is_pending() }} and clock = 'real'

),

troubled as (

    select distinct landed_date, call_id
    from attempts
    where failed and call_id is not null

),

calls as (

    select
        attempts.landed_date,
        attempts.call_id,
        min(request_key) as request_key,
        min(api) as api,
        min(method) as method,
        max(attempt) as attempts,
        arg_min(error_type, (occurred_at, event_id)) filter (where failed) as error_type,
        min(occurred_at) filter (where failed) as failed_at,
        max(occurred_at) filter (where not failed) as succeeded_at,
        arg_min(params, (occurred_at, event_id)) filter (where failed) as failed_params,
        arg_max(params, (occurred_at, event_id)) filter (where not failed) as succeeded_params,
    from attempts
    inner join troubled on attempts.landed_date = troubled.landed_date and attempts.call_id = troubled.call_id
    group by attempts.landed_date, attempts.call_id

),

called as (

    select
        errors.event_id,
        errors.event_date,
        errors.landed_date,
        calls.*,
        case
            when calls.succeeded_at > calls.failed_at then epoch(calls.succeeded_at) - epoch(calls.failed_at)
        end as call_recovers_after_s,
    from errors
    inner join calls
        on errors.landed_date = calls.landed_date
        and errors.request_key = calls.request_key
        and errors.error_type = calls.error_type
        and (errors.api is null or errors.api = calls.api)
    qualify row_number() over (
        partition by errors.event_id, errors.event_date, errors.landed_date
        order by calls.failed_at, calls.call_id
    ) = 1

),

operations as (

    select distinct landed_date, operation from errors

),

successes as (

    select
        attempts.landed_date,
        attempts.operation,
        attempts.occurred_at,
    from attempts
    inner join operations on attempts.landed_date = operations.landed_date and attempts.operation = operations.operation
    where not attempts.failed

    union all

    select
        interactions.landed_date,
        interactions.intent,
        interactions.occurred_at,
    from {{ ref('stg_interaction') }} as interactions
    inner join operations
        on interactions.landed_date = operations.landed_date
        and interactions.intent = operations.operation
    where {{ is_pending('interactions.landed_date') }} and interactions.success and interactions.clock = 'real'

),

followed as (

    select
        errors.*,
        case
            when errors.clock = 'real' then epoch(successes.occurred_at) - epoch(errors.occurred_at)
        end as next_success_after_s,
    from errors
    asof left join successes
        on errors.landed_date = successes.landed_date
        and errors.operation = successes.operation
        and errors.occurred_at < successes.occurred_at

)

select
    followed.event_date,
    followed.landed_date,
    followed.error_key,
    followed.event_id,
    followed.occurred_at,
    followed.operation,
    followed.error_type,
    left(followed.message, 1000) as message,
    {{ at_most('followed.context') }} as context,
    followed.http_status,
    followed.retry_after_s,
    greatest(followed.attempt, called.attempts) as attempts,
    called.method,
    {{ at_most('called.failed_params') }} as failed_params,
    {{ at_most('called.succeeded_params') }} as succeeded_params,
    called.call_recovers_after_s,
    followed.next_success_after_s,
from followed
left join called
    on followed.event_id = called.event_id
    and followed.event_date = called.event_date
    and followed.landed_date = called.landed_date
