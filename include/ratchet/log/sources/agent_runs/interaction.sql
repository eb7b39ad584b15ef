-- A run is a root interaction, each of its turns a step of it.
with

roots as (
    select
        source_file,
        source_line,
        0 as step,
        json_object(
            'event_id', run_id,
            'event_type', 'interaction',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', r.user_id,
            'session_id', coalesce(r.conversation_id, r.session_id, run_id),
            'task_type', coalesce(r.agent_type, 'task'),
            'intent', coalesce(r.scenario, r.category, r.task_id),
            'success', if(broken_by is not null, false, graded),
            'error', case
                when broken_by is not null then broken_by
                when not graded then concat_ws(
                    ': ', if(coalesce(r.status, 'completed') = 'completed', 'TaskFailed', r.status),
                    coalesce(r.grade.reason, r.outcome.task_success_reason)
                )
            end,
            'request_text', coalesce(r.instruction, r.goal),
            'response_text', r.result,
            'duration_ms', r.duration_ms,
            'agent', coalesce(r.agent, r.agent_type, r.agent_id),
            'model', model,
            'attributes', json_merge_patch('{}', json_object(
                'task_id', r.task_id,
                'status', r.status,
                'agent_id', r.agent_id,
                'turns', json_array_length(r.turns),
                'clock_note', if(clock = 'real', null, 'the run says no time')
            ))
        ) as event,
    from agent_runs
    where is_run
),

steps as (
    select
        source_file,
        source_line,
        turn as step,
        json_object(
            'event_id', run_id || ':t' || turn,
            'event_type', 'interaction',
            'occurred_at', strftime(
                started_at + to_microseconds(cast(1000 * coalesce(sum(duration_ms) over (
                    partition by run_id order by turn rows between unbounded preceding and 1 preceding
                ), 0) as bigint)),
                '%Y-%m-%dT%H:%M:%S.%fZ'
            ),
            'clock', clock,
            'user_id', r.user_id,
            'session_id', coalesce(r.conversation_id, r.session_id, run_id),
            'parent_id', run_id,
            'task_type', 'turn',
            'intent', coalesce(action, 'turn'),
            'success', if(action is null, null, action <> 'invalid'),
            'error', if(action = 'invalid', 'InvalidAction', null),
            'request_text', body ->> '$.user_msg',
            'response_text', body ->> '$.agent_reply',
            'params', if(body ->> '$.url' is null, null, json_object('url', body ->> '$.url', 'payload', body -> '$.payload')),
            'duration_ms', duration_ms,
            'agent', coalesce(r.agent, r.agent_type, r.agent_id),
            'model', model
        ) as event,
    from agent_turns
),

no_runs as (
    select
        source_file,
        source_line,
        0 as step,
        json_object('unmapped', 'no list of turns', 'record', record) as event,
    from agent_runs
    where is_run is not true
),

events as (
    from roots
    union all
    from steps
    union all
    from no_runs
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, step
