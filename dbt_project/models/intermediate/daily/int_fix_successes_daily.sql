with successes as (

    select
        event_date,
        landed_date,
        {{ operation_of('attributes', 'api') }} as operation,
        'call' as source,
        event_id,
        occurred_at,
        params,
        method,
        status_code,
        attempt,
        duration_ms,
        null::varchar as response_text,
        null::bigint as input_tokens,
    from {{ ref('stg_api_call') }}
    where {{ is_pending() }} and not {{ attempt_failed() }}

    union all

    select
        event_date,
        landed_date,
        intent as operation,
        'step' as source,
        event_id,
        occurred_at,
        params,
        null::varchar as method,
        null::bigint as status_code,
        null::bigint as attempt,
        duration_ms,
        response_text,
        input_tokens,
    from {{ ref('stg_interaction') }}
    where {{ is_pending() }} and success and intent <> ''

),

chosen as (

    select
        event_date,
        landed_date,
        operation,
        source,
        count(*) as successes,
        arg_min(event_id, (hash(event_id), event_id), {{ successes_kept_a_day() }}) as event_ids,
    from successes
    group by event_date, landed_date, operation, source

),

kept as (

    select
        * exclude (event_ids),
        unnest(event_ids) as event_id,
    from chosen

)

select
    kept.event_date,
    kept.landed_date,
    kept.operation,
    kept.source,
    kept.event_id,
    successes.occurred_at,
    {{ at_most('successes.params') }} as params,
    successes.method,
    successes.status_code,
    successes.attempt,
    successes.duration_ms,
    {{ at_most('successes.response_text', 4000) }} as response_text,
    successes.input_tokens,
    kept.successes,
from kept
inner join successes
    on kept.event_id = successes.event_id
    and kept.event_date = successes.event_date
    and kept.landed_date = successes.landed_date
    and kept.operation = successes.operation
    and kept.source = successes.source
