-- Attributes under the one name that aliases.csv gives them, and the words of requests and answers.

-- one row an attribute of a span, an exception, a log record or a resource
create or replace temp table otlp_attributes as
with

carriers as (
    select 'span:' || span_row as carrier, attributes, from otlp_spans
    union all
    select 'exception:' || exception_row as carrier, attributes, from otlp_exceptions
    union all
    select 'log:' || log_row as carrier, attributes, from otlp_logs
    union all
    select 'record:' || record_number as carrier, resource_attributes as attributes, from otlp_records
),

plain as (
    select
        carrier,
        if(json_type(attributes) = 'ARRAY', value ->> '$.key', key) as attribute,
        if(json_type(attributes) = 'ARRAY', otlp_plain(value -> '$.value'), value) as held,
    from carriers, json_each(carriers.attributes)
    where json_type(attributes) in ('ARRAY', 'OBJECT')
)

select
    carrier,
    attribute,
    log_strict(held) as content,
from plain;

-- of several names for one field the first in aliases.csv counts
create or replace temp table otlp_fields as
select
    carrier,
    aliases.field,
    attribute,
    content,
    content ->> '$' as words,
    aliases.meaning,
from otlp_attributes
inner join aliases using (attribute)
where
    json_type(content) != 'NULL'
    and content ->> '$' != ''
    and (aliases.value in ('', '*') or lower(aliases.value) = lower(content ->> '$'))
qualify row_number() over (
    partition by carrier, aliases.field order by cast(aliases.rank as integer), cast(content as varchar)
) = 1;

-- messages that are spread over numbered attributes, such as llm.input_messages.0.message.content
create or replace temp table otlp_dialogues as
with

pieces as (
    select
        carrier,
        regexp_extract(
            attribute, '^(.+)[.]([0-9]{1,6})[.](?:message[.])?(role|content)$', ['prefix', 'number', 'part']
        ) as place,
        content ->> '$' as words,
    from otlp_attributes
    where regexp_full_match(attribute, '.+[.][0-9]{1,6}[.](message[.])?(role|content)')
),

messages as (
    select
        carrier,
        place.prefix as attribute,
        cast(place.number as integer) as message_number,
        max(words) filter (where place.part = 'role') as role,
        max(words) filter (where place.part = 'content') as words,
    from pieces
    group by all
)

select
    carrier,
    arg_max(words, message_number) filter (where field = 'request_messages' and role = 'user') as request_text,
    arg_max(words, message_number) filter (where field = 'response_messages') as response_text,
from messages
inner join aliases using (attribute)
where aliases.field in ('request_messages', 'response_messages') and words != ''
group by carrier;

-- the words of a request or an answer: a text, a list of messages of which the last of a role counts, or an object
create or replace temp table otlp_texts as
with

logged as (
    select
        carrier,
        field,
        words,
        if(field = 'request', 'user', 'assistant') as speaker,
        try_cast(words as json) as document,
        json_type(document) as shape,
        case
            when shape = 'ARRAY' then document
            when json_type(document, '$.messages') = 'ARRAY' then document -> '$.messages'
            when json_type(document, '$.prompt') = 'ARRAY' then document -> '$.prompt'
        end as messages,
    from otlp_fields
    where field in ('request', 'response')
),

spoken as (
    select
        *,
        list_filter(json_extract(messages, '$[*]'), lambda message: message ->> '$.role' = speaker)[-1] as message,
        coalesce(log_value(message -> '$.content'), message -> '$.parts') as content,
    from logged
),

worded as (
    select
        carrier,
        field,
        coalesce(
            log_words(content),
            if(shape = 'OBJECT', coalesce(
                document ->> if(field = 'request', '$.prompt', '$.answer'),
                document ->> if(field = 'request', '$.question', '$.output'),
                document ->> if(field = 'request', '$.query', '$.response'),
                document ->> if(field = 'request', '$.input', '$.result'),
                document ->> '$.text', document ->> '$.content'
            ), null),
            if(shape = 'VARCHAR', document ->> '$', null),
            words
        ) as words,
        -- messages spread over attributes say more than an object that nobody can read
        if(shape in ('OBJECT', 'ARRAY') and content is null, 2, 0) as preference,
    from spoken

    union all

    select
        carrier,
        unnest(['request', 'response']) as field,
        unnest([request_text, response_text]) as words,
        1 as preference,
    from otlp_dialogues
)

select
    carrier,
    arg_min(words, preference) filter (where field = 'request') as request_text,
    arg_min(words, preference) filter (where field = 'response') as response_text,
from worded
where words is not null
group by carrier;

create or replace temp table otlp_wide as
select
    carrier,
    max(meaning) filter (where field = 'step') as step,
    max(words) filter (where field = 'intent') as intent,
    max(words) filter (where field = 'user_id') as user_id,
    max(words) filter (where field = 'session_id') as session_id,
    max(words) filter (where field = 'agent') as agent,
    max(words) filter (where field = 'tool_name') as tool_name,
    max(cast(content as varchar)) filter (where field = 'arguments') as arguments,
    max(words) filter (where field = 'tool_result') as tool_result,
    max(words) filter (where field = 'model') as model,
    max(try_cast(words as bigint)) filter (where field = 'input_tokens') as input_tokens,
    max(try_cast(words as bigint)) filter (where field = 'output_tokens') as output_tokens,
    max(try_cast(words as decimal(28, 12))) filter (where field = 'cost_usd') as cost_usd,
    coalesce(
        max(try_cast(words as double)) filter (where field = 'ttft_ms'),
        max(try_cast(words as double)) filter (where field = 'ttft_s') * 1000
    ) as ttft_ms,
    max(words) filter (where field = 'feature') as feature,
    max(words) filter (where field = 'prompt_id') as prompt_id,
    max(try_cast(words as integer)) filter (where field = 'prompt_version') as prompt_version,
    max(words) filter (where field = 'error_type') as error_type,
    max(words) filter (where field = 'error_message') as error_message,
    max(words) filter (where field = 'stack_trace') as stack_trace,
    max(words) filter (where field = 'http_method') as http_method,
    max(words) filter (where field = 'http_host') as http_host,
    max(words) filter (where field = 'http_path') as http_path,
    max(words) filter (where field = 'http_url') as http_url,
    max(try_cast(words as integer)) filter (where field = 'http_status') as http_status,
    max(try_cast(words as integer)) filter (where field = 'http_resends') as http_resends,
    max(try_cast(regexp_replace(words, '^\["?|"?\]$', '', 'g') as double)) filter (where field = 'retry_after_s')
        as retry_after_s,
    max(words) filter (where field = 'service') as service,
    max(words) filter (where field = 'release') as release,
    max(words) filter (where field = 'environment') as environment,
    max(words) filter (where field = 'host') as host,
    max(words) filter (where field = 'published_version') as published_version,
from otlp_fields
group by carrier;

-- what no field took
create or replace temp table otlp_rest as
select
    carrier,
    try_cast('{' || string_agg(
        cast(to_json(attribute) as varchar) || ':' || cast(content as varchar), ','
        order by attribute, cast(content as varchar)
    ) || '}' as json) as attributes,
from otlp_attributes
anti join otlp_fields using (carrier, attribute)
where attribute is not null and not starts_with(carrier, 'record:')
group by carrier;
