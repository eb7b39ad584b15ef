with feedback as (

    select * from {{ ref('int_feedback') }}

)

select
    event_date,
    landed_date,
    clock,
    matched,
    intent,
    agent_tier,
    at_service as service,
    kind,
    coalesce(rater, '') as rater,
    unit_key,
    cast(sum(sign) as bigint) as feedback,
    cast(sum(sign) filter (where score_10 is not null) as bigint) as scored,
    cast(sum(sign) filter (where score_10 < 5) as bigint) as low,
    cast(sum(sign) filter (where unknown_action) as bigint) as unknown_action,
    cast(sum(sign) filter (where kind = 'rating' and rating is not null) as bigint) as rating_n,
    sum(sign * {{ exact('score_10') }}) as score_sum,
    sum(sign * {{ exact('score_10 * score_10') }}) as score_sumsq,
    sum(sign * {{ exact('rating') }}) filter (where kind = 'rating') as rating_sum,
from feedback
group by all
