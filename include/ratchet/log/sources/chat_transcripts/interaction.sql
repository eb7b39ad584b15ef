-- A conversation is a root interaction, each of its tool calls a child. A record without a conversation in it becomes an
-- event of no stream, so that it is quarantined and counted like any other line that cannot be used.
with

roots as (
    select
        source_file,
        source_line,
        0 as step,
        json_object(
            'event_id', conversation_id,
            'event_type', 'interaction',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'task_type', 'conversation',
            'success', reward >= 1,
            'error', if(run_error is null, null, 'RunError: ' || run_error),
            'request_text', request_text,
            'response_text', response_text,
            'duration_ms', duration_ms,
            'agent', agent,
            'model', model,
            'input_tokens', input_tokens,
            'output_tokens', output_tokens,
            'cost_usd', cost_usd,
            'attributes', json_merge_patch('{}', json_object(
                'clock_note', clock_note,
                'claimed_start', if(clock_note is null, null, claimed_start),
                'record_id', record_id,
                'task_id', task_id,
                'trial', trial,
                'domain', domain,
                'termination_reason', termination_reason,
                'messages', message_count,
                'tool_calls', tool_calls,
                'broken_arguments', nullif(broken_arguments, 0),
                'results_without_call', nullif(results_without_call, 0),
                'json_answers', nullif(json_answers, 0)
            ))
        ) as event,
    from chat_conversations
    left join (
        select source_file, source_line, count(*) filter (where arguments_broken) as broken_arguments,
        from chat_calls
        group by source_file, source_line
    ) using (source_file, source_line)
    left join (
        select source_file, source_line, count(*) as results_without_call,
        from chat_results
        anti join chat_calls using (source_file, source_line, result_index)
        group by source_file, source_line
    ) using (source_file, source_line)
),

steps as (
    select
        source_file,
        source_line,
        row_number() over (partition by source_file, source_line order by message_index, call_index) as step,
        json_object(
            'event_id', call_event_id,
            'event_type', 'interaction',
            'occurred_at', strftime(called_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'parent_id', conversation_id,
            'task_type', 'tool_call',
            'intent', tool_name,
            'success', not is_error,
            'error', if(is_error, concat_ws(': ', error_type, error_message), null),
            'response_text', result_text,
            'params', arguments,
            'duration_ms', duration_ms,
            'agent', if(role = 'assistant', agent, role),
            'model', if(role = 'assistant', model, null),
            'attributes', json_merge_patch('{}', json_object(
                'call_id', call_id,
                'arguments_broken', nullif(arguments_broken, false)
            ))
        ) as event,
    from chat_steps
),

no_conversations as (
    select
        source_file,
        source_line,
        0 as step,
        json_object('unmapped', 'no list of messages with roles under messages or traj', 'record', record) as event,
    from raw
    semi join (from chat_records where is_conversation is not true) using (source_file, source_line)
),

events as (
    from roots
    union all
    from steps
    union all
    from no_conversations
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, step
