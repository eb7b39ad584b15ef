-- Macros for the mappings of every source: times, texts and nulls as logs of many makers write them.

-- json null and sql null are one thing here
create or replace temp macro log_value(value) as (
    case when json_type(value) != 'NULL' then value end
);

-- an epoch in seconds, milliseconds, microseconds or nanoseconds, told apart by its size
create or replace temp macro log_epoch(number) as (
    case
        when number <= 0 then null
        when number < 1e11 then make_timestamp(cast(number * 1000000 as bigint))
        when number < 1e14 then make_timestamp(cast(number * 1000 as bigint))
        when number < 1e17 then make_timestamp(cast(number as bigint))
        when number < 9e18 then make_timestamp(cast(cast(number as hugeint) // 1000 as bigint))
    end
);

-- a text with an offset is converted to utc, one without is read as utc
create or replace temp macro log_time(value) as (
    case
        when regexp_full_match(value, '[0-9]+') then log_epoch(try_cast(value as hugeint))
        when regexp_full_match(value, '-?[0-9.]+(e[0-9]+)?') then log_epoch(try_cast(value as decimal(38, 9)))
        when not regexp_matches(value, '^\s*[0-9]{4}-') then null
        when regexp_matches(value, '[0-9]\s*([Zz]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})$') and length(value) > 13
            then try_cast(upper(value) as timestamptz) at time zone 'UTC'
        else try_cast(value as timestamp)
    end
);

-- the words of a content: a text, a list of parts, or a part
create or replace temp macro log_part(part) as (
    case
        when json_type(part) = 'VARCHAR' then part ->> '$'
        else coalesce(part ->> '$.text.value', part ->> '$.text', part ->> '$.content', part ->> '$.refusal')
    end
);
create or replace temp macro log_words(content) as (
    nullif(
        case json_type(content)
            when 'ARRAY' then array_to_string(
                list_transform(json_extract(content, '$[*]'), lambda part: log_part(part)), chr(10)
            )
            when 'OBJECT' then coalesce(log_part(content), cast(content as varchar))
            else content ->> '$'
        end,
        ''
    )
);

-- json that every reader takes: nan and infinity, which some programs write, make it a text
create or replace temp macro log_is_strict(document) as (
    not regexp_matches(
        regexp_replace(cast(document as varchar), '"(?:[^"\\]|\\.)*"', '""', 'g'), '(?i)nan|inf'
    )
);
create or replace temp macro log_strict(document) as (
    if(log_is_strict(document), document, to_json(cast(document as varchar)))
);
