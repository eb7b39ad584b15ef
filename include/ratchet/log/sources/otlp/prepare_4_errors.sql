-- What went wrong, each thing told once.

-- exceptions, each once a span, and spans that failed without one
create or replace temp table otlp_told_errors as
with

raised as (
    select
        spans.source_file,
        spans.source_line,
        spans.span_row,
        exceptions.event_number,
        spans.span_key,
        spans.event_id || ':e' || exceptions.event_number as error_id,
        coalesce(exceptions.raised_at, spans.started_at) as occurred_at,
        spans.clock,
        coalesce(wide.error_type, 'Exception') as error_type,
        coalesce(wide.error_message, spans.status_message) as message,
        wide.stack_trace,
        not spans.is_error as handled,
    from otlp_exceptions as exceptions
    inner join otlp_described as spans using (span_row)
    left join otlp_wide as wide on wide.carrier = 'exception:' || exceptions.exception_row
    qualify row_number() over (
        partition by exceptions.span_row, wide.error_type, wide.error_message order by exceptions.event_number
    ) = 1
),

failed as (
    select
        source_file,
        source_line,
        span_row,
        0 as event_number,
        span_key,
        event_id || ':status' as error_id,
        started_at + to_microseconds(cast(coalesce(duration_ms, 0) * 1000 as bigint)) as occurred_at,
        clock,
        case
            when regexp_full_match(error_type, '[0-9]{3}') then 'HTTP ' || error_type
            when error_type is null and http_status >= 400 then 'HTTP ' || http_status
            else coalesce(error_type, 'SpanError')
        end as error_type,
        coalesce(status_message, error_message) as message,
        stack_trace,
        false as handled,
    from otlp_described
    anti join otlp_exceptions using (span_row)
    where is_error
)

from raised
union all
from failed;

-- an exception that climbs from span to span is told once, where it was raised
create or replace temp table otlp_errors as
with

below as (
    select
        tree.parent_key as span_key,
        told.error_type,
        told.message,
    from otlp_told_errors as told
    inner join otlp_tree as tree using (span_key)
),

failed_children as (
    select parent_key as span_key,
    from otlp_tree
    where is_error
)

select told.*,
from otlp_told_errors as told
where
    not exists (
        from below
        where
            below.span_key = told.span_key
            and below.error_type = told.error_type
            and below.message is not distinct from told.message
    )
    and not (
        told.error_type = 'SpanError'
        and told.message is null
        and exists (from failed_children where failed_children.span_key = told.span_key)
    );

-- why a span failed: its last exception, else its status
create or replace temp table otlp_failures as
select
    span_row,
    arg_max(error_type, event_number) as failure_type,
    arg_max(message, event_number) as failure_message,
from otlp_told_errors
group by span_row;
