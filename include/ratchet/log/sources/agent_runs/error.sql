-- What broke a run before or besides the agent.
select
    source_file,
    source_line,
    cast(
        json_object(
            'event_id', run_id || ':error',
            'event_type', 'error',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', r.user_id,
            'session_id', coalesce(r.conversation_id, r.session_id, run_id),
            'error_type', split_part(broken_by, ': ', 1),
            'message', substr(broken_by, length(split_part(broken_by, ': ', 1)) + 3),
            'interaction_id', run_id
        ) as varchar
    ) as event,
from agent_runs
where is_run and broken_by is not null
order by source_file, source_line
