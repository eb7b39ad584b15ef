with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and trim(request_text) <> ''

),

content as (

    select distinct interaction_id
    from {{ ref('int_feedback') }}
    where sign = 1 and score_10 >= 5

),

asked as (

    select
        event_id,
        event_date,
        landed_date,
        intent,
        unit_key,
        occurred_at,
        success,
        error,
        response_text,
        {{ same_text('request_text') }} as text,
        case when session_id <> '' then hash(session_id) else unit_key end as thread,
        event_id in (select interaction_id from content) as is_content,
    from interactions

),

followed as (

    select
        *,
        lead(text) over thread_order as next_text,
        date_diff('millisecond', occurred_at, lead(occurred_at) over thread_order) / 1000 as next_after_s,
        date_diff('second', lag(occurred_at) over same_words, occurred_at) as since_s,
    from asked
    window
        thread_order as (partition by landed_date, thread order by occurred_at, event_id),
        same_words as (partition by landed_date, event_date, unit_key, text order by occurred_at, event_id)

),

judged as (

    select
        *,
        coalesce(not success, false) as failed,
        response_text is not null and not is_content and trim(response_text) = '' as empty_answer,
        response_text is not null and not is_content and {{ refuses('response_text') }} as refused,
        response_text is not null and not is_content and {{ falls_back('response_text') }} as fell_back,
        thread is not null and success is null and not is_content and next_text is null as abandoned,
        count(since_s) over same_words_day >= 3
            and stddev_pop(since_s) over same_words_day <= 0.05 * avg(since_s) over same_words_day as on_a_clock,
        thread is not null and not is_content and next_after_s <= 3600
            and jaro_winkler_similarity(left(text, 200), left(next_text, 200)) >= 0.5 as asked_again,
    from followed
    window same_words_day as (partition by landed_date, event_date, unit_key, text)

),

settled as (

    select
        *,
        failed or empty_answer or refused or fell_back or abandoned as in_vain,
    from judged

)

select
    event_date,
    landed_date,
    intent,
    hash(text) as text_hash,
    max(text) filter (where in_vain or asked_again) as text,
    count(*) as requests,
    count(*) filter (where success is not null or refused or fell_back or empty_answer) as known,
    count(*) filter (where in_vain) as in_vain,
    count(*) filter (where in_vain and (success is not null or refused or fell_back or empty_answer)) as in_vain_known,
    count(*) filter (where failed) as failed,
    count(*) filter (where failed and error <> '') as with_error,
    count(*) filter (where failed and {{ is_unsupported('error') }}) as unsupported,
    count(*) filter (where refused and not failed) as refused,
    count(*) filter (where fell_back and not refused and not failed) as fell_back,
    count(*) filter (where empty_answer and not failed) as empty_answers,
    count(*) filter (where abandoned and not (failed or refused or fell_back or empty_answer)) as abandoned,
    count(response_text) as answered,
    count(thread) as threaded,
    count(*) filter (where in_vain and on_a_clock) as on_a_clock,
    coalesce(list_sort(list(distinct unit_key) filter (where in_vain and unit_key is not null)), []) as unit_keys,
    coalesce(
        list({
            'unit_key': unit_key,
            'after_s': next_after_s,
            'alike': jaro_winkler_similarity(left(text, 200), left(next_text, 200)),
        } order by occurred_at, event_id) filter (where asked_again and not in_vain),
        []
    ) as again,
    list_slice(
        coalesce(list(event_id order by occurred_at desc, event_id) filter (where in_vain or asked_again), []), 1, 5
    ) as event_ids,
from settled
group by event_date, landed_date, intent, hash(text)
