-- Calls over HTTP, as the calling side saw them.
with

calls as (
    select
        *,
        regexp_extract(coalesce(http_path, regexp_replace(http_url, '^[a-zA-Z]+://[^/?#]*', '')), '^[^?#]*') as path,
        coalesce(http_host, nullif(regexp_extract(http_url, '^[a-zA-Z]+://(?:[^@/?#]*@)?([^/:?#]+)', 1), '')) as api,
    from otlp_described
    where side = 'client' and http_method is not null and coalesce(http_path, http_url) is not null
)

select
    source_file,
    source_line,
    cast(
        json_object(
            'event_id', event_id || ':call',
            'event_type', 'api_call',
            'occurred_at', strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'trace_id', trace_id,
            'service', service,
            'release', release,
            'environment', environment,
            'api', api,
            'method', upper(http_method),
            'path', if(path = '', '/', path),
            'attempt', http_resends + 1,
            'status_code', http_status,
            'duration_ms', duration_ms,
            'error_type', if(is_error, error_type, null),
            'error', if(is_error, coalesce(status_message, error_message), null),
            'retry_after_s', retry_after_s,
            'interaction_id', interaction_id
        ) as varchar
    ) as event,
from calls
where api is not null
order by source_file, source_line, span_row
