-- What the grader said of a run that was graded.
select
    source_file,
    source_line,
    cast(
        json_object(
            'event_id', run_id || ':reward',
            'event_type', 'outcome',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', r.user_id,
            'session_id', coalesce(r.conversation_id, r.session_id, run_id),
            'metric', 'reward',
            'value', if(graded, 1, 0),
            'unit_id', coalesce(r.conversation_id, r.session_id, run_id),
            'unit_type', 'session',
            'pair_id', r.task_id,
            'interaction_id', run_id
        ) as varchar
    ) as event,
from agent_runs
where is_run and broken_by is null and graded is not null
order by source_file, source_line
