-- Error events: the last exception is what was raised, its frames come oldest first.
-- docs/sources.md says in words what is read from where.

-- a list, or an object that holds it
create or replace temp macro sentry_last(listed) as (
    coalesce(json_extract(listed, '$.values[#-1]'), json_extract(listed, '$[#-1]'))
);

-- where a frame lies: the resolved name of a source map, else the absolute path
create or replace temp macro sentry_place(frame) as (
    coalesce(frame ->> '$.abs_path', frame ->> '$.filename', '')
);

create or replace temp macro sentry_line(frame) as (
    coalesce(frame ->> '$.lineno', '0')
);

-- one frame, as a traceback of its platform writes it
create or replace temp macro sentry_frame(platform, frame) as (
    case platform
        when 'python' then
            '  File "' || sentry_place(frame) || '", line ' || sentry_line(frame) || ', in '
            || coalesce(frame ->> '$.function', '?')
        when 'java' then
            chr(9) || 'at ' || coalesce((frame ->> '$.module') || '.', '') || coalesce(frame ->> '$.function', '?') || '('
            || coalesce(nullif(frame ->> '$.filename', ''), 'Unknown.java') || ':' || sentry_line(frame) || ')'
        when 'csharp' then
            '   at ' || coalesce((frame ->> '$.module') || '.', '') || coalesce(frame ->> '$.function', '?') || '() in '
            || sentry_place(frame) || ':line ' || sentry_line(frame)
        when 'go' then
            coalesce((frame ->> '$.module') || '.', '') || coalesce(frame ->> '$.function', '?') || '()' || chr(10) || chr(9)
            || sentry_place(frame) || ':' || sentry_line(frame)
        when 'php' then
            '#0 ' || sentry_place(frame) || '(' || sentry_line(frame) || '): ' || coalesce(frame ->> '$.function', '?') || '()'
        else
            '    at ' || replace(coalesce(nullif(frame ->> '$.function', ''), '?'), ' ', '') || ' (' || sentry_place(frame)
            || ':' || sentry_line(frame) || ':' || coalesce(frame ->> '$.colno', '0') || ')'
    end
);

create or replace temp table sentry_events as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record,
        lower(coalesce(record ->> '$.platform', 'other')) as platform,
        sentry_last(record -> '$.exception') as raised,
        coalesce(
            record ->> '$.logentry.formatted', record ->> '$.message.formatted', record ->> '$.logentry.message',
            record ->> '$.message.message', record ->> '$.message'
        ) as said,
        case
            when coalesce(record ->> '$.logentry.formatted', record ->> '$.message.formatted') is null
                then coalesce(record -> '$.logentry.params', record -> '$.message.params')
        end as params,
        log_time(record ->> '$.timestamp') as sent_at,
    from raw
    where coalesce(record ->> '$.type', 'error') in ('error', 'default')
),

framed as (
    select
        *,
        json_extract(raised, '$.stacktrace.frames[*]') as frames,
    from opened
),

ordered as (
    select
        * replace (if(platform = 'python', frames, list_reverse(frames)) as frames),
    from framed
)

select
    * exclude (frames, said),
    -- the parameters of a message, by name or in their order
    case
        when json_type(params) = 'OBJECT' then list_reduce(
            list_prepend(said, json_keys(params)),
            lambda text, name: replace(text, '{' || name || '}', coalesce(params ->> name, ''))
        )
        when json_type(params) = 'ARRAY' then array_to_string(
            list_transform(
                string_split(said, '%s'),
                lambda part, place: part || case
                    when place > len(string_split(said, '%s')) - 1 then ''
                    else coalesce(params ->> ('$[' || (place - 1) || ']'), '%s')
                end
            ),
            ''
        )
        else said
    end as said,
    case
        when len(frames) > 0 then
            if(platform = 'python', 'Traceback (most recent call last):', raised ->> '$.type') || chr(10)
            || array_to_string(list_transform(frames, lambda frame: sentry_frame(platform, frame)), chr(10))
    end as stack_trace,
from ordered;
