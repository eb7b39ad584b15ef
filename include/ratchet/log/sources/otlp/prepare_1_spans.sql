-- Spans, their exceptions and log records, as the protocol or an SDK writes them: one temporary table each.
-- docs/sources.md says in words what is read from where.

-- a typed value of the protocol as plain json: a scalar, or lists and objects of them up to five levels deep, as messages with the
-- arguments of their tool calls are
create or replace temp macro otlp_scalar(item) as (
    coalesce(
        item -> '$.stringValue', to_json(try_cast(item ->> '$.intValue' as bigint)), item -> '$.doubleValue',
        item -> '$.boolValue', item -> '$.bytesValue', item -> '$.arrayValue', item -> '$.kvlistValue',
        cast('null' as json)
    )
);
create or replace temp macro otlp_member(part) as (
    if(json_type(part, '$.key') is null, part, part -> '$.value')
);
create or replace temp macro otlp_named(part, member) as (
    if(json_type(part, '$.key') is null, '', cast(to_json(part ->> '$.key') as varchar) || ':')
    || cast(member as varchar)
);
create or replace temp macro otlp_joined(item, parts) as (
    try_cast(
        if(json_type(item, '$.arrayValue') is null, '{', '[') || coalesce(array_to_string(parts, ','), '')
        || if(json_type(item, '$.arrayValue') is null, '}', ']') as json
    )
);
create or replace temp macro otlp_parts(item) as (json_extract(item, '$.*.values[*]'));
create or replace temp macro otlp_whole(item, parts) as (
    if(
        coalesce(json_type(item, '$.arrayValue'), json_type(item, '$.kvlistValue')) = 'OBJECT',
        otlp_joined(item, parts),
        otlp_scalar(item)
    )
);
create or replace temp macro otlp_shallow(item) as (
    otlp_whole(item, list_transform(otlp_parts(item), lambda part: otlp_named(part, otlp_scalar(otlp_member(part)))))
);
create or replace temp macro otlp_deep(item) as (
    otlp_whole(item, list_transform(otlp_parts(item), lambda part: otlp_named(part, otlp_shallow(otlp_member(part)))))
);
create or replace temp macro otlp_deeper(item) as (
    otlp_whole(item, list_transform(otlp_parts(item), lambda part: otlp_named(part, otlp_deep(otlp_member(part)))))
);
create or replace temp macro otlp_deepest(item) as (
    otlp_whole(item, list_transform(otlp_parts(item), lambda part: otlp_named(part, otlp_deeper(otlp_member(part)))))
);
create or replace temp macro otlp_plain(item) as (
    otlp_whole(item, list_transform(otlp_parts(item), lambda part: otlp_named(part, otlp_deepest(otlp_member(part)))))
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
        when regexp_full_match(moment ->> '$', '[0-9]+') then otlp_number_nanos(try_cast(moment ->> '$' as hugeint))
        when regexp_full_match(moment ->> '$', '[0-9.]+(e[0-9]+)?')
            then otlp_number_nanos(try_cast(moment ->> '$' as decimal(38, 9)))
        else cast(epoch_us(log_time(moment ->> '$')) as hugeint) * 1000
    end
);

create or replace temp macro otlp_event_id(span_key) as ('span:' || md5(span_key));

-- every record with its resource
create or replace temp table otlp_records as
with

read as (
    select
        source_file,
        source_line,
        landed_date,
        json_transform(record, '{
            "resource": {"attributes": "JSON"}, "scopeSpans": "JSON", "instrumentationLibrarySpans": "JSON",
            "scopeLogs": "JSON", "spanId": "VARCHAR", "spanContext": {"spanId": "VARCHAR"},
            "context": {"span_id": "VARCHAR"}
        }') as r,
        -- an object of lists of spans, by the name of what they do
        if(
            json_type(record) = 'OBJECT' and json_type(record, '$.resource') is null,
            len(list_filter(
                json_extract(record, '$.*[*]'), lambda part: json_type(part, '$.spanContext') = 'OBJECT'
            )),
            0
        ) as listed_spans,
    from raw
)

select
    source_file,
    source_line,
    landed_date,
    row_number() over (order by source_file, source_line) as record_number,
    r.resource.attributes as resource_attributes,
    case
        when json_type(r.scopeSpans) = 'ARRAY' then '$.scopeSpans[*].spans[*]'
        when json_type(r.instrumentationLibrarySpans) = 'ARRAY' then '$.instrumentationLibrarySpans[*].spans[*]'
        when json_type(r.scopeLogs) = 'ARRAY' then '$.scopeLogs[*].logRecords[*]'
        when coalesce(r.spanId, r.spanContext.spanId, r.context.span_id) is not null then '$'
        when listed_spans > 0 then '$.*[*]'
    end as path,
from read;

-- every span and every log record
create or replace temp table otlp_items as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record_number,
        path = '$.scopeLogs[*].logRecords[*]' as is_log,
        case path
            when '$.scopeSpans[*].spans[*]' then json_extract(record, '$.scopeSpans[*].spans[*]')
            when '$.instrumentationLibrarySpans[*].spans[*]'
                then json_extract(record, '$.instrumentationLibrarySpans[*].spans[*]')
            when '$.scopeLogs[*].logRecords[*]' then json_extract(record, '$.scopeLogs[*].logRecords[*]')
            when '$.*[*]' then json_extract(record, '$.*[*]')
            when '$' then [record]
        end as items,
    from otlp_records
    inner join raw using (source_file, source_line, landed_date)
    where path is not null
)

select
    * exclude (items),
    unnest(items) as item,
    generate_subscripts(items, 1) as item_number,
from opened;

create or replace temp table otlp_spans as
with

opened as (
    select
        *,
        json_transform(item, '{
            "traceId": "VARCHAR", "spanId": "VARCHAR", "parentSpanId": "VARCHAR", "parent_id": "VARCHAR",
            "parentId": "VARCHAR", "name": "VARCHAR", "kind": "VARCHAR", "flags": "VARCHAR",
            "spanContext": {"traceId": "VARCHAR", "spanId": "VARCHAR"},
            "context": {"trace_id": "VARCHAR", "span_id": "VARCHAR"},
            "parentSpanContext": {"spanId": "VARCHAR"},
            "startTimeUnixNano": "JSON", "startTime": "JSON", "start_time": "JSON",
            "endTimeUnixNano": "JSON", "endTime": "JSON", "end_time": "JSON",
            "status": "JSON", "attributes": "JSON", "events": "JSON"
        }') as s,
    from otlp_items
    where not is_log
),

named as (
    select
        * exclude (s, item),
        lower(regexp_replace(coalesce(s.traceId, s.spanContext.traceId, s.context.trace_id), '^0x', '')) as trace_id,
        lower(regexp_replace(coalesce(s.spanId, s.spanContext.spanId, s.context.span_id), '^0x', '')) as span_id,
        lower(regexp_replace(
            coalesce(s.parentSpanId, s.parentSpanContext.spanId, s.parent_id, s.parentId), '^0x', ''
        )) as logged_parent_id,
        coalesce(trace_id, md5(cast(item as varchar))) || ':' || span_id as span_key,
        s.name as span_name,
        -- the protocol and the JavaScript SDK number the kinds differently
        s.spanId is not null as is_protocol,
        upper(s.kind) as kind,
        try_cast(s.flags as bigint) as flags,
        otlp_nanos(coalesce(s.startTimeUnixNano, s.startTime, s.start_time)) as start_ns,
        otlp_nanos(coalesce(s.endTimeUnixNano, s.endTime, s.end_time)) as end_ns,
        upper(coalesce(s.status ->> '$.code', s.status ->> '$.status_code', s.status ->> '$')) as status,
        nullif(coalesce(s.status ->> '$.message', s.status ->> '$.description'), '') as status_message,
        s.attributes,
        s.events,
    from opened
)

select
    * exclude (kind, flags, status, logged_parent_id, is_protocol, is_log),
    row_number() over (order by source_file, source_line, item_number) as span_row,
    if(regexp_full_match(logged_parent_id, '0*'), null, logged_parent_id) as parent_span_id,
    case
        when regexp_full_match(kind, '(SPAN_KIND_|SPANKIND[.])?CLIENT') or kind = if(is_protocol, '3', '2') then 'client'
        when regexp_full_match(kind, '(SPAN_KIND_|SPANKIND[.])?(SERVER|CONSUMER)') then 'server'
        when kind in (if(is_protocol, '2', '1'), if(is_protocol, '5', '4')) then 'server'
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
where span_id is not null;

create or replace temp table otlp_exceptions as
with

opened as (
    select
        span_row,
        unnest(json_extract(events, '$[*]')) as event,
        generate_subscripts(json_extract(events, '$[*]'), 1) as event_number,
    from otlp_spans
    where contains(cast(events as varchar), 'exception')
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
        * exclude (item),
        md5(cast(item as varchar)) as content_key,
        json_transform(item, '{
            "traceId": "VARCHAR", "spanId": "VARCHAR", "severityNumber": "VARCHAR", "severityText": "VARCHAR",
            "timeUnixNano": "JSON", "observedTimeUnixNano": "JSON", "body": "JSON", "attributes": "JSON"
        }') as l,
    from otlp_items
    where is_log
),

errors as (
    select
        * exclude (l),
        lower(nullif(l.traceId, '')) as trace_id,
        lower(nullif(l.spanId, '')) as span_id,
        otlp_nanos(l.timeUnixNano) as told_ns,
        make_timestamp(cast(coalesce(told_ns, otlp_nanos(l.observedTimeUnixNano)) // 1000 as bigint)) as logged_at,
        otlp_plain(l.body) as body,
        l.attributes,
    from opened
    where coalesce(
        nullif(try_cast(l.severityNumber as integer), 0) >= 17,
        regexp_full_match(lower(l.severityText), 'error|fatal|critical|alert|emergency|panic|severe'),
        false
    )
)

select
    *,
    row_number() over (order by source_file, source_line, item_number) as log_row,
    row_number() over (partition by source_file, content_key order by source_line, item_number) as repeat_number,
from errors;
