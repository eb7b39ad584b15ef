with matches as (

    select * from {{ ref('int_feedback_matches') }}
    where
        {{ has_landed() }} and {{ in_window(30, 'interaction_date') }}
        and rater_id is not null and score_10 is not null

),

judged_once as (

    select * from matches
    qualify row_number() over (
        partition by kind, rater, question, item, rater_id
        order by interaction_id, feedback_landed_date, feedback_id
    ) = 1

),

items as (

    select
        kind,
        rater,
        question,
        item,
        list_sort(list(cast(round(score_10, 1) as double))) as scores,
    from judged_once
    group by all
    having count(*) > 1

),

patterns as (

    select
        kind,
        rater,
        question,
        scores,
        count(*) as items,
    from items
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    kind,
    rater,
    question,
    scores,
    items,
    count(*) over (partition by kind, rater, question) as patterns,
from patterns
qualify row_number() over (partition by kind, rater, question order by items desc, scores) <= 5000
