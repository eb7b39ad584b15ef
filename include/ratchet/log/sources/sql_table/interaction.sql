-- A row is an event: its columns are named as the fields of the contract, any other is kept in the attributes. What a
-- database knows as numbers, ids and yes or no, is what the contract takes.
with

rows as (
    select
        source_file,
        source_line,
        record ->> '$.key' as key,
        record ->> '$.at' as written_at,
        json_merge_patch('{}', record -> '$.row') as held,
    from raw
)

select
    source_file,
    source_line,
    cast(
        json_merge_patch(held, json_merge_patch('{}', json_object(
            'event_id', coalesce(held ->> '$.event_id', 'sql:' || key),
            'event_type', coalesce(held ->> '$.event_type', 'interaction'),
            'occurred_at', strftime(coalesce(log_time(held ->> '$.occurred_at'), log_time(written_at)), '%Y-%m-%dT%H:%M:%S.%fZ'),
            'user_id', held ->> '$.user_id',
            'session_id', held ->> '$.session_id',
            'trace_id', held ->> '$.trace_id',
            'parent_id', held ->> '$.parent_id',
            'interaction_id', held ->> '$.interaction_id',
            'unit_id', held ->> '$.unit_id',
            'success', try_cast(held ->> '$.success' as boolean),
            'timed_out', try_cast(held ->> '$.timed_out' as boolean)
        ))) as varchar
    ) as event,
from rows
order by source_file, source_line
