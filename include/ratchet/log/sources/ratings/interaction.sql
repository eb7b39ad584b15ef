-- Each answer of a comparison is an interaction of its own; single ratings are about interactions that are there already.
with

answers as (
    select
        source_file,
        source_line,
        unnest([1, 2]) as side,
        record,
        item_id,
        clock,
        occurred_at,
        first_answer,
        second_answer,
        models,
    from rated_records
    where is_comparison
),

events as (
    select
        source_file,
        source_line,
        side,
        json_object(
            'event_id', item_id || ':' || side,
            'event_type', 'interaction',
            'occurred_at', occurred_at,
            'clock', clock,
            'task_type', 'comparison',
            'request_text', concat_ws(chr(10), record ->> '$.instruction', nullif(record ->> '$.input', '')),
            'response_text', log_words(if(side = 1, first_answer, second_answer)),
            'model', if(len(models) = 2, nullif(models[side], ''), null),
            'attributes', json_merge_patch('{}', json_object(
                'clock_note', if(clock = 'synthetic', 'no_timestamps', null),
                'item_id', item_id,
                'application', record ->> '$.motivation_app'
            ))
        ) as event,
    from answers

    union all

    select
        source_file,
        source_line,
        0 as side,
        json_object(
            'unmapped', 'neither two responses with raters nor an interaction_id with a rating, score, thumb or comment',
            'record', record
        ) as event,
    from rated_records
    where not coalesce(is_comparison or is_rating, false)
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, side
