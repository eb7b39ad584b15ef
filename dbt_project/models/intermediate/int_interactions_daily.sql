with interactions as (

    select * from {{ ref('stg_interaction') }}
    where {{ is_pending() }}

),

combinations as (

    select
        event_date,
        landed_date,
        clock,
        case when parent_id is null then 'root' else 'step' end as level,
        coalesce(intent, '') as intent,
        agent, agent_tier, task_type, model, language, service, feature,
        count(*) as requests,
        count(*) filter (where success) as successes,
        count(*) filter (where not success) as failures,
        count(*) filter (where success is null) as unknown,
        count(duration_ms) filter (where clock = 'real') as duration_n,
        coalesce(sum(input_tokens), 0) as input_tokens,
        coalesce(sum(output_tokens), 0) as output_tokens,
        count(*) filter (where input_tokens is not null or output_tokens is not null) as token_n,
        coalesce(sum({{ exact('cost_usd') }}), 0) as cost_usd,
        count(cost_usd) as cost_n,
        count(cost_usd) filter (where success) as cost_successes,
    from interactions
    group by all

)

select
    event_date,
    landed_date,
    clock,
    level,
    cut.dimension,
    cut.value,
    cast(sum(requests) as bigint) as requests,
    cast(sum(successes) as bigint) as successes,
    cast(sum(failures) as bigint) as failures,
    cast(sum(unknown) as bigint) as unknown,
    cast(sum(duration_n) as bigint) as duration_n,
    cast(sum(input_tokens) as bigint) as input_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(token_n) as bigint) as token_n,
    cast(sum(cost_usd) as decimal(38, 6)) as cost_usd,
    cast(sum(cost_n) as bigint) as cost_n,
    cast(sum(cost_successes) as bigint) as cost_successes,
from combinations, unnest({{ dimension_list() }}) as cuts (cut)
group by all
