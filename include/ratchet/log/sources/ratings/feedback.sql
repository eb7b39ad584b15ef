-- A verdict of one rater about a comparison is a score of both answers: 2 for the better one, 1 each for a tie, else 0.
with

verdicts as (
    select
        source_file,
        source_line,
        record,
        item_id,
        clock,
        occurred_at,
        unnest(raters) as rater_id,
    from rated_records
    where is_comparison
),

sides as (
    select
        *,
        unnest([1, 2]) as side,
        json_extract_string(record, '$."' || rater_id || '"') as verdict,
    from verdicts
),

events as (
    select
        source_file,
        source_line,
        rater_id || ':' || side as place,
        json_object(
            'event_id', item_id || ':' || side || ':' || rater_id,
            'event_type', 'feedback',
            'occurred_at', occurred_at,
            'clock', clock,
            'interaction_id', item_id || ':' || side,
            'kind', 'score',
            'score', case when verdict = '0' then 1 when verdict in ('1', '2') then 2 * cast(verdict = side::varchar as integer) end,
            'score_min', 0,
            'score_max', 2,
            'rater', 'expert',
            'rater_id', rater_id,
            'attributes', json_object('question', 'preference', 'item_id', item_id, 'verdict', verdict)
        ) as event,
    from sides
    where nullif(verdict, '') is not null

    union all

    select
        source_file,
        source_line,
        '' as place,
        json_object(
            'event_id', 'ratings:' || md5(cast(record as varchar)),
            'event_type', 'feedback',
            'occurred_at', occurred_at,
            'clock', clock,
            'interaction_id', record ->> '$.interaction_id',
            'kind', case
                when record ->> '$.rating' is not null then 'rating'
                when record ->> '$.score' is not null then 'score'
                when record ->> '$.thumb' is not null then 'thumb'
                else 'comment'
            end,
            'rating', log_value(record -> '$.rating'),
            'score', log_value(record -> '$.score'),
            'score_min', log_value(record -> '$.score_min'),
            'score_max', log_value(record -> '$.score_max'),
            'thumb', record ->> '$.thumb',
            'comment', record ->> '$.comment',
            'rater', coalesce(record ->> '$.rater_kind', 'expert'),
            'rater_id', rater_id,
            'attributes', json_merge_patch('{}', json_object('question', record ->> '$.question'))
        ) as event,
    from rated_records
    where is_rating
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, place
