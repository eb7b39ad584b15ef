with daily as (

    select * from {{ ref('int_feedback_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

window_dates as (

    {{ window_dates(feedback_windows()) }}

),

by_unit as (

    select
        window_dates.window_days,
        daily.intent,
        daily.kind,
        daily.rater,
        daily.unit_key,
        {%- for column in feedback_sums() %}
        coalesce(sum(daily.{{ column }}), 0) as {{ column }},
        {%- endfor %}
    from daily
    inner join window_dates on daily.event_date = window_dates.event_date
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    window_days,
    intent,
    kind,
    rater,
    cast(sum(feedback) as bigint) as feedback,
    cast(sum(scored) as bigint) as scored,
    cast(sum(low) as bigint) as low,
    cast(sum(score_sum) as double) as score_sum,
    cast(sum(score_sumsq) as double) as score_sumsq,
    cast(sum(unknown_action) as bigint) as unknown_action,
    count(unit_key) filter (where feedback > 0) as units,
    {{ unit_kind_of('max(unit_key & 3) filter (where feedback > 0)') }} as unit_kind,
    cast(sum(rating_sum) as double) as rating_sum,
    cast(sum(rating_n) as bigint) as rating_n,
from by_unit
group by window_days, intent, kind, rater
having sum(feedback) > 0
