with requests as (

    select * from {{ ref('int_requests_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

matches as (

    select * from {{ ref('int_feedback_matches') }}
    where {{ has_landed() }} and {{ in_window(30, 'interaction_date') }} and level = 'root'

),

behaviours as (

    select * from {{ ref('int_request_behaviours') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

window_dates as (

    {{ window_dates(feedback_windows()) }}

),

asked as (

    select
        window_dates.window_days,
        requests.intent,
        requests.agent_tier,
        sum(requests.requests) as requests,
    from requests
    inner join window_dates on requests.event_date = window_dates.event_date
    group by all

),

done as (

    select
        window_dates.window_days,
        behaviours.intent,
        behaviours.agent_tier,
        {%- for column, condition in behaviour_counts() %}
        count(*) filter (where {{ condition }}) as {{ column }},
        {%- endfor %}
    from behaviours
    inner join window_dates on behaviours.event_date = window_dates.event_date
    group by all

),

answered as (

    select
        window_dates.window_days,
        matches.intent,
        matches.agent_tier,
        count(distinct matches.interaction_id) as requests_with_feedback,
    from matches
    inner join window_dates on matches.interaction_date = window_dates.event_date
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    asked.window_days,
    asked.intent,
    asked.agent_tier,
    cast(asked.requests as bigint) as requests,
    coalesce(answered.requests_with_feedback, 0) as requests_with_feedback,
    {%- for column, _ in behaviour_counts() %}
    coalesce(done.{{ column }}, 0) as {{ column }},
    {%- endfor %}
from asked
left join answered
    on asked.window_days = answered.window_days
    and asked.intent = answered.intent
    and asked.agent_tier = answered.agent_tier
left join done
    on asked.window_days = done.window_days
    and asked.intent = done.intent
    and asked.agent_tier = done.agent_tier
