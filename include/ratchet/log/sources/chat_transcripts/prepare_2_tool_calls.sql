-- Tool calls, each with its result, and the errors that results report.

create or replace temp table chat_results as
with

answered as (
    select
        *,
        coalesce(tool_call_id, message_id) as result_id,
        log_value(try_cast(body as json) -> '$.error') as body_error,
        -- a flag decides alone, whatever the text says
        coalesce(
            try_cast(error ->> '$' as boolean), try_cast(is_error as boolean),
            nullif(json_type(error) = 'VARCHAR', false), nullif(lower(status) = 'error', false)
        ) as error_flag,
        regexp_extract(body, '^\s*((?:[A-Za-z_][A-Za-z0-9_.]*)?(?:Error|Exception))\s*:', 1) as error_prefix,
        max(if(calls is not null, message_index, null)) over (
            partition by source_file, source_line order by message_index
            rows between unbounded preceding and 1 preceding
        ) as asking_index,
    from chat_messages
)

select
    source_file,
    source_line,
    message_index as result_index,
    asking_index,
    tool_call_id,
    result_id,
    tool_name,
    body as result_text,
    sent_at as answered_at,
    coalesce(error_flag, error_prefix != '' or body_error is not null and body_error not in ('""', 'false'), false)
        as is_error,
    case
        when error_prefix != '' then error_prefix
        else coalesce(body_error ->> '$.type', 'ToolError')
    end as error_type,
    trim(
        case
            when error_prefix != '' then regexp_replace(body, '^\s*[A-Za-z0-9_.]+\s*:\s*', '')
            when body_error is not null and body_error not in ('""', 'false', 'true')
                then coalesce(body_error ->> '$.message', body_error ->> '$')
            else coalesce(body, error ->> '$')
        end
    ) as error_message,
from answered
where role in ('tool', 'function');

create or replace temp table chat_calls as
with

asked as (
    select
        source_file,
        source_line,
        message_index,
        role,
        sent_at,
        unnest(calls) as call,
        generate_subscripts(calls, 1) as call_index,
    from chat_messages
    where calls is not null
),

named as (
    select
        * exclude (call),
        call ->> '$.id' as call_id,
        coalesce(call ->> '$.function.name', call ->> '$.name', call ->> '$.custom.name') as tool_name,
        coalesce(
            log_value(call -> '$.function.arguments'), log_value(call -> '$.arguments'),
            log_value(call -> '$.custom.input'), log_value(call -> '$.input')
        ) as arguments,
    from asked
),

-- arguments come as an object or as its text; a text that is no json stays a text and is counted
parsed as (
    select
        *,
        if(json_type(arguments) = 'VARCHAR', nullif(trim(arguments ->> '$'), ''), null) as arguments_text,
        try_cast(arguments_text as json) as arguments_lenient,
        if(log_is_strict(arguments_lenient), arguments_lenient, null) as arguments_parsed,
        case when json_type(arguments) = 'VARCHAR' then arguments_parsed else log_strict(arguments) end
            as arguments_json,
        row_number() over (
            partition by source_file, source_line, message_index, call_id order by call_index
        ) as same_id_ordinal,
    from named
),

-- a result belongs to the nearest earlier call of its id: some agents use an id again in a later turn
result_askers as (
    select
        results.source_file,
        results.source_line,
        results.result_index,
        results.result_id,
        max(parsed.message_index) as message_index,
    from chat_results as results
    inner join parsed
        on parsed.source_file = results.source_file
        and parsed.source_line = results.source_line
        and parsed.call_id = results.result_id
        and parsed.message_index < results.result_index
    group by all
),

matched_by_id as (
    select
        parsed.source_file,
        parsed.source_line,
        parsed.message_index,
        parsed.call_index,
        result_askers.result_index,
    from parsed
    inner join (
        select
            *,
            row_number() over (
                partition by source_file, source_line, message_index, result_id order by result_index
            ) as same_id_ordinal,
        from result_askers
    ) as result_askers
        on parsed.source_file = result_askers.source_file
        and parsed.source_line = result_askers.source_line
        and parsed.message_index = result_askers.message_index
        and parsed.call_id = result_askers.result_id
        and parsed.same_id_ordinal = result_askers.same_id_ordinal
),

-- without an id on either side, the order after the asking message decides
calls_left as (
    select
        *,
        row_number() over (partition by source_file, source_line, message_index order by call_index) as turn_ordinal,
    from parsed
    anti join matched_by_id using (source_file, source_line, message_index, call_index)
),

results_left as (
    select
        *,
        row_number() over (partition by source_file, source_line, asking_index order by result_index) as turn_ordinal,
    from chat_results
    anti join matched_by_id using (source_file, source_line, result_index)
),

matched_by_order as (
    select
        calls_left.source_file,
        calls_left.source_line,
        calls_left.message_index,
        calls_left.call_index,
        results_left.result_index,
    from calls_left
    inner join results_left
        on calls_left.source_file = results_left.source_file
        and calls_left.source_line = results_left.source_line
        and calls_left.message_index = results_left.asking_index
        and calls_left.turn_ordinal = results_left.turn_ordinal
    where calls_left.call_id is null or results_left.tool_call_id is null
),

matched as (
    from matched_by_id
    union all
    from matched_by_order
)

select
    parsed.source_file,
    parsed.source_line,
    parsed.message_index,
    parsed.call_index,
    parsed.role,
    parsed.sent_at,
    parsed.call_id,
    parsed.tool_name,
    coalesce(parsed.arguments_json, if(parsed.arguments_text is null, null, parsed.arguments)) as arguments,
    parsed.arguments_text is not null and parsed.arguments_parsed is null as arguments_broken,
    matched.result_index,
from parsed
left join matched using (source_file, source_line, message_index, call_index);

-- each call with its conversation and its result
create or replace temp table chat_steps as
with

answered as (
    select
        calls.*,
        conversations.conversation_id,
        conversations.user_id,
        conversations.session_id,
        conversations.clock,
        conversations.agent,
        conversations.model,
        conversations.conversation_id || ':m' || calls.message_index || 'c' || calls.call_index as call_event_id,
        chat_moment(conversations.clock, conversations.started_at, calls.sent_at, calls.message_index) as called_at,
        results.is_error,
        results.error_type,
        results.error_message,
        results.result_text,
        date_diff('microsecond', calls.sent_at, results.answered_at) as waited_us,
    from chat_calls as calls
    inner join chat_conversations as conversations using (source_file, source_line)
    left join chat_results as results using (source_file, source_line, result_index)
)

select
    *,
    if(clock = 'real' and waited_us >= 0, cast(waited_us as double) / 1000, null) as duration_ms,
from answered;

-- each tool result that reports an error, also one that answers no call that can be found
create or replace temp table chat_tool_errors as
select
    results.source_file,
    results.source_line,
    results.result_index,
    conversations.conversation_id,
    conversations.user_id,
    conversations.session_id,
    conversations.clock,
    chat_moment(conversations.clock, conversations.started_at, results.answered_at, results.result_index)
        as answered_at,
    steps.call_event_id,
    steps.arguments,
    coalesce(steps.tool_name, results.tool_name) as tool_name,
    results.error_type,
    results.error_message,
from chat_results as results
inner join chat_conversations as conversations using (source_file, source_line)
left join chat_steps as steps using (source_file, source_line, result_index)
where results.is_error;
