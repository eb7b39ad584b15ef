-- Exceptions, failed spans, and log records of severity error or worse that no span has already told.
with

spans as (
    select
        errors.source_file,
        errors.source_line,
        errors.span_row as position,
        errors.event_number,
        json_object(
            'event_id', errors.error_id,
            'event_type', 'error',
            'occurred_at', strftime(errors.occurred_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', errors.clock,
            'user_id', spans.user_id,
            'session_id', spans.session_id,
            'trace_id', spans.trace_id,
            'service', spans.service,
            'release', spans.release,
            'environment', spans.environment,
            'error_type', errors.error_type,
            'message', errors.message,
            'stack_trace', errors.stack_trace,
            'context', json_object('operation', spans.operation, 'arguments', spans.params),
            'interaction_id', spans.interaction_id,
            'api', if(spans.side = 'client', spans.http_host, null),
            'http_status', spans.http_status,
            'retry_after_s', spans.retry_after_s,
            'handled', errors.handled
        ) as event,
    from otlp_errors as errors
    inner join otlp_described as spans using (span_row)
),

logs as (
    select
        logs.source_file,
        logs.source_line,
        logs.log_row as position,
        1 as event_number,
        json_object(
            'event_id', 'log:' || md5(logs.content_key || ':' || logs.repeat_number),
            'event_type', 'error',
            'occurred_at', strftime(
                coalesce(logs.logged_at, cast(logs.landed_date as timestamp) + to_microseconds(logs.log_row)),
                '%Y-%m-%dT%H:%M:%S.%fZ'
            ),
            'clock', if(logs.logged_at is null, 'synthetic', 'real'),
            'user_id', coalesce(wide.user_id, traces.user_id),
            'session_id', coalesce(wide.session_id, traces.session_id),
            'trace_id', logs.trace_id,
            'service', resources.service,
            'release', resources.release,
            'environment', resources.environment,
            'error_type', coalesce(wide.error_type, 'LogError'),
            'message', coalesce(wide.error_message, log_words(logs.body)),
            'stack_trace', wide.stack_trace,
            'interaction_id', coalesce(
                spans.interaction_id, otlp_event_id(logs.trace_id || ':' || logs.span_id)
            ),
            'http_status', wide.http_status,
            'attributes', rest.attributes
        ) as event,
    from otlp_logs as logs
    left join otlp_wide as wide on wide.carrier = 'log:' || logs.log_row
    left join otlp_wide as resources on resources.carrier = 'record:' || logs.record_number
    left join otlp_rest as rest on rest.carrier = 'log:' || logs.log_row
    left join otlp_traces as traces on traces.trace_id = logs.trace_id
    left join (
        select span_key, min(interaction_id) as interaction_id,
        from otlp_described
        group by span_key
    ) as spans on spans.span_key = logs.trace_id || ':' || logs.span_id
    where not exists (
        from otlp_errors
        where
            otlp_errors.span_key = logs.trace_id || ':' || logs.span_id
            and otlp_errors.error_type = wide.error_type
            and otlp_errors.message is not distinct from wide.error_message
    )
),

events as (
    from spans
    union all
    from logs
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, position, event_number
