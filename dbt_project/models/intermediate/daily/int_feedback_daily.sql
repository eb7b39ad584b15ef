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
    sum(sign)::bigint as feedback,
    coalesce(sum(sign) filter (where score_10 is not null), 0)::bigint as scored,
    coalesce(sum(sign) filter (where score_10 < 5), 0)::bigint as low,
    coalesce(sum(sign) filter (where unknown_action), 0)::bigint as unknown_action,
    coalesce(sum(sign) filter (where kind = 'rating' and rating is not null), 0)::bigint as rating_n,
    coalesce(sum(sign * {{ exact('score_10') }}), 0) as score_sum,
    coalesce(sum(sign * {{ exact('score_10 * score_10') }}), 0) as score_sumsq,
    coalesce(sum(sign * {{ exact('rating') }}) filter (where kind = 'rating'), 0) as rating_sum,
from feedback
group by all
