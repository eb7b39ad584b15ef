-- A tool result that reports an error, and a run that broke.
with

tool_errors as (
    select
        source_file,
        source_line,
        result_index as step,
        json_object(
            'event_id', conversation_id || ':m' || result_index || ':error',
            'event_type', 'error',
            'occurred_at', strftime(answered_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'error_type', error_type,
            'message', error_message,
            'context', json_object('operation', tool_name, 'arguments', arguments),
            'interaction_id', coalesce(call_event_id, conversation_id)
        ) as event,
    from chat_tool_errors
),

run_errors as (
    select
        source_file,
        source_line,
        0 as step,
        json_object(
            'event_id', conversation_id || ':error',
            'event_type', 'error',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'error_type', 'RunError',
            'message', run_error,
            'stack_trace', run_traceback,
            'interaction_id', conversation_id
        ) as event,
    from chat_conversations
    where run_error is not null
),

events as (
    from tool_errors
    union all
    from run_errors
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, step
