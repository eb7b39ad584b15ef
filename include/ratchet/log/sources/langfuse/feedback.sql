-- A score. What its name means (bounds, and which way is better) is in score_names.csv; of another name the value is
-- kept and no scale is guessed. Where lower is better the score counts from the other end.
select
    coalesce(score ->> '$.from_file', source_file) as source_file,
    coalesce(try_cast(score ->> '$.from_line' as bigint), source_line) as source_line,
    cast(
        json_object(
            'event_id', langfuse_id(coalesce(score ->> '$.id', trace_id || ':' || md5(cast(score as varchar)))),
            'event_type', 'feedback',
            'occurred_at', langfuse_moment(coalesce(
                log_time(coalesce(score ->> '$.timestamp', score ->> '$.createdAt')), cast(landed_date as timestamp)
            )),
            'clock', if(log_time(coalesce(score ->> '$.timestamp', score ->> '$.createdAt')) is null, 'synthetic', 'real'),
            'user_id', trace ->> '$.userId',
            'session_id', trace ->> '$.sessionId',
            'trace_id', trace_id,
            'environment', score ->> '$.environment',
            'interaction_id', coalesce(observed, langfuse_id(trace_id)),
            'kind', if(value is null, 'comment', 'score'),
            'score', case when better = 'lower' then minimum + maximum - value else value end,
            'score_min', minimum,
            'score_max', maximum,
            'comment', coalesce(score ->> '$.comment', if(value is null, score ->> '$.stringValue', null)),
            'rater', rater,
            'rater_id', score ->> '$.authorUserId',
            'attributes', json_merge_patch('{}', json_object(
                'question', score ->> '$.name',
                'value', coalesce(score ->> '$.stringValue', score ->> '$.value'),
                'data_type', data_type
            ))
        ) as varchar
    ) as event,
from langfuse_scores
order by 1, 2, score ->> '$.id', cast(score as varchar)
