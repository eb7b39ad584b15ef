with texts as (

    select * from {{ ref('int_request_texts_daily') }}
    where {{ has_landed() }} and {{ in_window(run_context('suggestion_window_days')) }}

),

lost as (

    select distinct text_hash
    from texts
    where text is not null

),

relevant as (

    select
        texts.*,
        {{ in_window(run_context('gap_window_days'), 'texts.event_date') }} as is_recent,
    from texts
    inner join lost on texts.text_hash = lost.text_hash

)

select
    {{ run_context('as_of') }} as as_of,
    max(text) as text,
    list_sort(coalesce(list(distinct intent) filter (where in_vain > 0), [])) as intents,
    cast(sum(requests) as bigint) as requests,
    cast(sum(known) as bigint) as known,
    cast(sum(in_vain) as bigint) as in_vain,
    cast(sum(in_vain_known) as bigint) as in_vain_known,
    cast(coalesce(sum(in_vain) filter (where is_recent), 0) as bigint) as in_vain_recent,
    cast(coalesce(sum(requests) filter (where is_recent), 0) as bigint) as requests_recent,
    cast(sum(failed) as bigint) as failed,
    cast(sum(with_error) as bigint) as with_error,
    cast(sum(unsupported) as bigint) as unsupported,
    cast(sum(refused) as bigint) as refused,
    cast(sum(fell_back) as bigint) as fell_back,
    cast(sum(empty_answers) as bigint) as empty_answers,
    cast(sum(abandoned) as bigint) as abandoned,
    cast(sum(answered) as bigint) as answered,
    cast(sum(threaded) as bigint) as threaded,
    cast(sum(on_a_clock) as bigint) as on_a_clock,
    flatten(list(unit_keys order by event_date, landed_date, intent)) as unit_keys,
    flatten(list(list_transform(again, lambda a: {
        'unit_key': a.unit_key, 'after_s': a.after_s, 'alike': a.alike, 'is_recent': is_recent
    }) order by event_date, landed_date, intent)) as again,
    min(event_date) as first_seen,
    max(event_date) as last_seen,
    list_slice(flatten(list(event_ids order by event_date desc, landed_date desc, intent)), 1, 5) as sample_event_ids,
from relevant
group by text_hash
