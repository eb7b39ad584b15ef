with interactions as (

    select * from {{ ref('int_interactions') }}

)

select
    event_date,
    landed_date,
    combination_id,
    count(*) as requests,
    count(*) filter (where success) as successes,
    count(*) filter (where not success) as failures,
    count(*) filter (where success is null) as unknown,
    count(*) filter (where timed_out) as timed_out,
    count(*) filter (where input_tokens is not null or output_tokens is not null) as token_n,
    {{ total('input_tokens') }} as input_tokens,
    {{ total('output_tokens') }} as output_tokens,
    count(cost_usd) as cost_n,
    count(cost_usd) filter (where success) as cost_successes,
    coalesce(sum({{ exact('cost_usd') }}), 0) as cost_usd,
    count(quality_score) as quality_n,
    coalesce(sum({{ exact('quality_score') }}), 0) as quality_sum,
from interactions
group by event_date, landed_date, combination_id
