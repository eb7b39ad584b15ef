with requests as (

    select * from {{ ref('int_request_behaviours') }}
    where {{ has_landed() }} and {{ in_window(run_context('suggestion_window_days')) }} and text_hash is not null

),

-- that an outcome is missing says something only where most are there
outcomes as (

    select 2 * count(success) >= count(*) as are_logged from requests

),

content as (

    select distinct interaction_id
    from {{ ref('int_feedback_matches') }}
    where
        {{ has_landed() }} and {{ in_window(run_context('suggestion_window_days'), 'interaction_date') }}
        and score_10 >= 5

),

judged as (

    select
        requests.* replace (
            requests.is_empty and content.interaction_id is null as is_empty,
            requests.refused and content.interaction_id is null as refused,
            requests.fell_back and content.interaction_id is null as fell_back
        ),
        coalesce(not requests.success, false) as failed,
        requests.can_follow and outcomes.are_logged as is_followed,
        requests.can_follow and outcomes.are_logged and requests.success is null and requests.next_gap_s is null
            and content.interaction_id is null as abandoned,
        {{ is_rephrased() }} and content.interaction_id is null as asked_again,
    from requests
    cross join outcomes
    left join content on requests.event_id = content.interaction_id

),

settled as (

    select
        *,
        success is not null or refused or fell_back or is_empty as is_known,
        failed or is_empty or refused or fell_back or abandoned as in_vain,
        asked_again and not (failed or is_empty or refused or fell_back or abandoned) as again,
        {{ in_window(run_context('gap_window_days')) }} as is_recent,
    from judged

)

select
    {{ run_context('as_of') }} as as_of,
    max(text) as text,
    coalesce(list_sort(list(distinct intent) filter (where in_vain or again)), []) as intents,
    count(*) as requests,
    count(*) filter (where is_known) as known,
    count(*) filter (where in_vain) as in_vain,
    count(*) filter (where in_vain and is_known) as in_vain_known,
    count(*) filter (where again) as again,
    count(*) filter (where (in_vain or again) and is_recent) as recent,
    count(*) filter (where failed) as failed,
    count(*) filter (where with_error) as with_error,
    count(*) filter (where unsupported) as unsupported,
    count(*) filter (where refused and not failed) as refused,
    count(*) filter (where fell_back and not (refused or failed)) as fell_back,
    count(*) filter (where is_empty and not failed) as empty_answers,
    count(*) filter (where abandoned and not (failed or refused or fell_back or is_empty)) as abandoned,
    count(*) filter (where is_answered) as answered,
    count(*) filter (where can_follow) as threaded,
    count(*) filter (where is_followed) as followed,
    count(*) filter (where in_vain and on_a_clock) as on_a_clock,
    coalesce(list_sort(list(distinct unit_key) filter (where (in_vain or again) and unit_key is not null)), []) as unit_keys,
    min(event_date) as first_seen,
    max(event_date) as last_seen,
    list_transform(
        max({'at': occurred_at, 'event_id': event_id}, 5) filter (where in_vain or again),
        lambda found: found.event_id
    ) as sample_event_ids,
from settled
group by text_hash
having bool_or(in_vain or again)
