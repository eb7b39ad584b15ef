-- The first span of a trace is a root interaction; below it each call of a tool, a model or an agent is a step. A record
-- that holds neither spans nor logs becomes an event of no stream, so that it is quarantined and counted.
with

spans as (
    select
        source_file,
        source_line,
        item_number as position,
        json_object(
            'event_id', event_id,
            'event_type', 'interaction',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'trace_id', trace_id,
            'service', service,
            'release', release,
            'environment', environment,
            'published_version', published_version,
            'parent_id', parent_id,
            'intent', coalesce(intent, if(is_root, null, operation)),
            'success', case when is_error then false when end_ns is not null then true end,
            'error', if(is_error, concat_ws(': ', failure_type, failure_message), null),
            'request_text', request_text,
            'response_text', response_text,
            'params', params,
            'duration_ms', duration_ms,
            'ttft_ms', ttft_ms,
            'agent', agent,
            'task_type', step,
            'model', model,
            'prompt_id', prompt_id,
            'prompt_version', prompt_version,
            'input_tokens', input_tokens,
            'output_tokens', output_tokens,
            'cost_usd', cost_usd,
            'feature', feature,
            'host', host,
            'attributes', json_merge_patch(
                coalesce(rest, '{}'),
                json_object('span_name', span_name, 'clock_note', if(clock = 'real', null, 'no_timestamps'))
            )
        ) as event,
    from otlp_described
    left join otlp_failures using (span_row)
    where is_interaction
),

unread as (
    select
        source_file,
        source_line,
        0 as position,
        json_object('unmapped', 'neither spans nor log records', 'record', record) as event,
    from raw
    semi join (from otlp_records where path is null) using (source_file, source_line)
),

unread_spans as (
    select
        source_file,
        source_line,
        item_number as position,
        json_object('unmapped', 'a span without an id', 'record', item) as event,
    from otlp_items
    anti join otlp_spans using (source_file, source_line, item_number)
    where not is_log
),

events as (
    from spans
    union all
    from unread
    union all
    from unread_spans
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, position
