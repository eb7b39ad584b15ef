-- Spans, their exceptions and log records, as the protocol or an SDK writes them: one temporary table each.
-- docs/sources.md says in words what is read from where.

-- a typed value of the protocol as plain json: scalars, then lists and objects of them, three levels deep
create or replace temp macro otlp_scalar(item) as (
    coalesce(
        item -> '$.stringValue', to_json(try_cast(item ->> '$.intValue' as bigint)), item -> '$.doubleValue',
        item -> '$.boolValue', item -> '$.bytesValue', item -> '$.arrayValue', item -> '$.kvlistValue',
        cast('null' as json)
    )
);
create or replace temp macro otlp_shallow(item) as (
    case
        when json_type(item, '$.arrayValue') = 'OBJECT' then try_cast('[' || coalesce(array_to_string(list_transform(
            json_extract(item, '$.arrayValue.values[*]'), lambda part: cast(otlp_scalar(part) as varchar)
        ), ','), '') || ']' as json)
        when json_type(item, '$.kvlistValue') = 'OBJECT' then try_cast('{' || coalesce(array_to_string(list_transform(
            json_extract(item, '$.kvlistValue.values[*]'), lambda part:
            cast(to_json(part ->> '$.key') as varchar) || ':' || cast(otlp_scalar(part -> '$.value') as varchar)
        ), ','), '') || '}' as json)
        else otlp_scalar(item)
    end
);
create or replace temp macro otlp_plain(item) as (
    case
        when json_type(item, '$.arrayValue') = 'OBJECT' then try_cast('[' || coalesce(array_to_string(list_transform(
            json_extract(item, '$.arrayValue.values[*]'), lambda part: cast(otlp_shallow(part) as varchar)
        ), ','), '') || ']' as json)
        when json_type(item, '$.kvlistValue') = 'OBJECT' then try_cast('{' || coalesce(array_to_string(list_transform(
            json_extract(item, '$.kvlistValue.values[*]'), lambda part:
            cast(to_json(part ->> '$.key') as varchar) || ':' || cast(otlp_shallow(part -> '$.value') as varchar)
        ), ','), '') || '}' as json)
        else otlp_scalar(item)
    end
);

-- nanoseconds since 1970 from [seconds, nanoseconds], a number of any unit, or a text
create or replace temp macro otlp_number_nanos(number) as (
    case
        when number <= 0 then null
        when number < 1e11 then cast(number * 1000000000 as hugeint)
        when number < 1e14 then cast(number * 1000000 as hugeint)
        when number < 1e17 then cast(number * 1000 as hugeint)
        when number < 9e18 then cast(number as hugeint)
    end
);
create or replace temp macro otlp_nanos(moment) as (
    case
        when json_type(moment) = 'ARRAY' then otlp_number_nanos(
            coalesce(try_cast(moment ->> '$[0]' as hugeint), 0) * 1000000000
            + coalesce(try_cast(moment ->> '$[1]' as hugeint), 0)
        )
        when regexp_full_match(moment ->> '$', '[0-9.]+(e[0-9]+)?')
            then otlp_number_nanos(try_cast(moment ->> '$' as decimal(38, 9)))
        else cast(epoch_us(log_time(moment ->> '$')) as hugeint) * 1000
    end
);

create or replace temp macro otlp_event_id(span_key) as ('span:' || md5(span_key));

-- every span of every record: of a scope, by itself, or in an object of lists
create or replace temp table otlp_found as
with

listed as (
    select
        source_file,
        source_line,
        landed_date,
        record,
        coalesce(record -> '$.resource.attributes', record -> '$.resource') as resource_attributes,
        case
            when json_type(record, '$.scopeSpans') = 'ARRAY' then json_extract(record, '$.scopeSpans[*].spans[*]')
            when json_type(record, '$.instrumentationLibrarySpans') = 'ARRAY'
                then json_extract(record, '$.instrumentationLibrarySpans[*].spans[*]')
            when json_type(record, '$.scopeLogs') = 'ARRAY' then []
            when json_type(record) = 'OBJECT' and coalesce(
                json_type(record, '$.spanId'), json_type(record, '$.spanContext'), json_type(record, '$.context')
            ) is not null then [record]
            when json_type(record) = 'OBJECT' then nullif(
                list_filter(
                    json_extract(record, '$.*[*]'), lambda part: json_type(part, '$.spanContext') = 'OBJECT'
                ), []
            )
        end as spans,
    from raw
)

select
    *,
    row_number() over (order by source_file, source_line) as record_number,
from listed;

create or replace temp table otlp_spans as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record_number,
        unnest(spans) as span,
        generate_subscripts(spans, 1) as span_number,
    from otlp_found
),

named as (
    select
        * exclude (span),
        lower(regexp_replace(coalesce(
            span ->> '$.traceId', span ->> '$.spanContext.traceId', span ->> '$.context.trace_id'
        ), '^0x', '')) as trace_id,
        lower(regexp_replace(coalesce(
            span ->> '$.spanId', span ->> '$.spanContext.spanId', span ->> '$.context.span_id'
        ), '^0x', '')) as span_id,
        lower(regexp_replace(coalesce(
            span ->> '$.parentSpanId', span ->> '$.parentSpanContext.spanId', span ->> '$.parent_id',
            span ->> '$.parentId'
        ), '^0x', '')) as logged_parent_id,
        if(regexp_full_match(logged_parent_id, '0*'), null, logged_parent_id) as parent_span_id,
        span ->> '$.name' as span_name,
        json_type(span, '$.spanId') is not null as is_protocol,
        upper(span ->> '$.kind') as kind,
        try_cast(span ->> '$.flags' as bigint) as flags,
        otlp_nanos(coalesce(
            log_value(span -> '$.startTimeUnixNano'), log_value(span -> '$.startTime'), log_value(span -> '$.start_time')
        )) as start_ns,
        otlp_nanos(coalesce(
            log_value(span -> '$.endTimeUnixNano'), log_value(span -> '$.endTime'), log_value(span -> '$.end_time')
        )) as end_ns,
        upper(coalesce(
            span ->> '$.status.code', span ->> '$.status.status_code',
            if(json_type(span, '$.status') = 'VARCHAR', span ->> '$.status', null)
        )) as status,
        nullif(coalesce(span ->> '$.status.message', span ->> '$.status.description'), '') as status_message,
        span -> '$.attributes' as attributes,
        span -> '$.events' as events,
        span,
    from opened
)

select
    * exclude (kind, flags, status, logged_parent_id),
    row_number() over (order by source_file, source_line, span_number) as span_row,
    coalesce(trace_id, md5(cast(span as varchar))) || ':' || span_id as span_key,
    case
        when kind in ('SPAN_KIND_CLIENT', 'SPANKIND.CLIENT', 'CLIENT') or kind = if(is_protocol, '3', '2') then 'client'
        when kind in ('SPAN_KIND_SERVER', 'SPANKIND.SERVER', 'SERVER') or kind = if(is_protocol, '2', '1') then 'server'
        when kind in ('SPAN_KIND_CONSUMER', 'SPANKIND.CONSUMER', 'CONSUMER') or kind = if(is_protocol, '5', '4')
            then 'server'
    end as side,
    coalesce(flags & 768 = 768, false) as is_parent_remote,
    coalesce(status in ('2', 'STATUS_CODE_ERROR', 'ERROR', 'STATUSCODE.ERROR'), false) as is_error,
    if(start_ns is null, 'synthetic', 'real') as clock,
    coalesce(
        make_timestamp(cast(start_ns // 1000 as bigint)),
        cast(landed_date as timestamp) + to_microseconds(span_row)
    ) as started_at,
    if(end_ns >= start_ns, cast(end_ns - start_ns as double) / 1000000, null) as duration_ms,
from named
where span_id is not null and json_type(span) = 'OBJECT';

create or replace temp table otlp_exceptions as
with

opened as (
    select
        span_row,
        unnest(json_extract(events, '$[*]')) as event,
        generate_subscripts(json_extract(events, '$[*]'), 1) as event_number,
    from otlp_spans
)

select
    span_row,
    event_number,
    row_number() over (order by span_row, event_number) as exception_row,
    make_timestamp(cast(otlp_nanos(coalesce(
        log_value(event -> '$.timeUnixNano'), log_value(event -> '$.time'), log_value(event -> '$.timestamp')
    )) // 1000 as bigint)) as raised_at,
    event -> '$.attributes' as attributes,
from opened
where event ->> '$.name' = 'exception';

create or replace temp table otlp_logs as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record_number,
        unnest(json_extract(record, '$.scopeLogs[*].logRecords[*]')) as log,
        generate_subscripts(json_extract(record, '$.scopeLogs[*].logRecords[*]'), 1) as log_number,
    from otlp_found
),

errors as (
    select
        *,
        lower(nullif(log ->> '$.traceId', '')) as trace_id,
        lower(nullif(log ->> '$.spanId', '')) as span_id,
        make_timestamp(cast(otlp_nanos(coalesce(
            log_value(log -> '$.timeUnixNano'), log_value(log -> '$.observedTimeUnixNano')
        )) // 1000 as bigint)) as logged_at,
        otlp_plain(log -> '$.body') as body,
        md5(cast(log as varchar)) as content_key,
    from opened
    where coalesce(
        nullif(try_cast(log ->> '$.severityNumber' as integer), 0) >= 17,
        regexp_full_match(lower(log ->> '$.severityText'), 'error|fatal|critical|alert|emergency|panic|severe'),
        false
    )
)

select
    *,
    row_number() over (order by source_file, source_line, log_number) as log_row,
    row_number() over (partition by source_file, content_key order by source_line, log_number) as repeat_number,
from errors;
