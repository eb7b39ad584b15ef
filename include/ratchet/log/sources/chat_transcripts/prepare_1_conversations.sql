-- Conversations and their messages, one temporary table each: who, when, and by which clock.
-- docs/sources.md says in words what is read from where.

-- an answer that is itself an object: the words in it, where one of the usual names holds some
create or replace temp macro chat_answer(body) as (
    case
        when json_type(try_cast(body as json)) = 'OBJECT' then coalesce(
            try_cast(body as json) ->> '$.response', try_cast(body as json) ->> '$.answer',
            try_cast(body as json) ->> '$.content', try_cast(body as json) ->> '$.message',
            try_cast(body as json) ->> '$.text', try_cast(body as json) ->> '$.output', body
        )
        else body
    end
);

-- when a message was sent: its own time on a real clock, else the start and one microsecond for each message before it
create or replace temp macro chat_moment(clock, started_at, sent_at, message_index) as (
    case
        when clock = 'real' and sent_at is not null then sent_at
        else started_at + to_microseconds(least(message_index, 999))
    end
);

create or replace temp table chat_records as
with

found as (
    select
        source_file,
        source_line,
        document_line,
        landed_date,
        record,
        case
            when json_type(record, '$.traj') = 'ARRAY' then record -> '$.traj'
            when json_type(record, '$.messages') = 'ARRAY' then record -> '$.messages'
        end as messages,
        coalesce(log_value(record -> '$.info.error'), log_value(record -> '$.error')) as run_error,
    from raw
),

judged as (
    select
        *,
        coalesce(
            len(list_filter(json_extract(messages, '$[*].role'), lambda role: json_type(role) = 'VARCHAR')), 0
        ) as message_count,
    from found
)

select
    *,
    message_count > 0 or (messages is not null and run_error is not null) as is_conversation,
from judged;

create or replace temp table chat_messages as
with

numbered as (
    select
        source_file,
        source_line,
        unnest(json_extract(messages, '$[*]')) as message,
        generate_subscripts(json_extract(messages, '$[*]'), 1) as message_index,
    from chat_records
    where is_conversation
)

select
    source_file,
    source_line,
    message_index,
    message,
    message ->> '$.role' as role,
    log_words(message -> '$.content') as body,
    log_time(coalesce(message ->> '$.timestamp', message ->> '$.created_at', message ->> '$.created')) as sent_at,
    case
        when json_array_length(message, '$.tool_calls') > 0 then json_extract(message, '$.tool_calls[*]')
        when json_type(message, '$.function_call') = 'OBJECT' then [message -> '$.function_call']
    end as calls,
    try_cast(coalesce(message ->> '$.usage.prompt_tokens', message ->> '$.usage.input_tokens') as bigint)
        as input_tokens,
    try_cast(coalesce(message ->> '$.usage.completion_tokens', message ->> '$.usage.output_tokens') as bigint)
        as output_tokens,
    try_cast(message ->> '$.cost' as decimal(28, 12)) as cost_usd,
from numbered
where json_type(message, '$.role') = 'VARCHAR';

create or replace temp table chat_conversations as
with

-- what the messages say together; what the assistant says before the user does cost no model call
openings as (
    select
        source_file,
        source_line,
        min(message_index) filter (where role = 'user') as first_user_index,
    from chat_messages
    group by source_file, source_line
),

talks as (
    select
        source_file,
        source_line,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at,
        arg_min(body, message_index) filter (where role = 'user' and body is not null) as request_text,
        arg_max(body, message_index) filter (where role = 'assistant' and body is not null) as last_answer,
        count(*) filter (where role = 'assistant' and json_type(try_cast(body as json)) in ('OBJECT', 'ARRAY'))
            as json_answers,
        sum(len(calls)) as tool_calls,
        count(*) filter (where role = 'assistant' and message_index > coalesce(first_user_index, 0)) as answers,
        count(input_tokens) filter (where role = 'assistant') as answers_with_tokens,
        sum(input_tokens) filter (where role = 'assistant') as input_tokens,
        sum(output_tokens) filter (where role = 'assistant') as output_tokens,
        count(cost_usd) filter (where role = 'assistant' and message_index > coalesce(first_user_index, 0))
            as answers_with_cost,
        sum(cost_usd) filter (where role = 'assistant') as cost_usd,
    from chat_messages
    inner join openings using (source_file, source_line)
    group by source_file, source_line
),

runs as (
    select
        source_file,
        document_line,
        document -> '$.info' as run_info,
    from documents
    where json_type(document, '$.info') = 'OBJECT'
),

described as (
    select
        records.source_file,
        records.source_line,
        records.landed_date,
        records.messages,
        records.message_count,
        records.record,
        records.run_error,
        run_info,
        coalesce(
            record ->> '$.session_id', record ->> '$.conversation_id', record ->> '$.thread_id',
            record ->> '$.metadata.session_id', record ->> '$.metadata.conversation_id'
        ) as logged_session_id,
        case when json_type(record, '$.id') = 'VARCHAR' then record ->> '$.id' end as text_id,
        record ->> '$.id' as record_id,
        coalesce(
            record ->> '$.user_id',
            case when json_type(record, '$.user') = 'VARCHAR' then record ->> '$.user' end,
            record ->> '$.user.id', record ->> '$.metadata.user_id', record ->> '$.info.task.user_id'
        ) as user_id,
        record ->> '$.task_id' as task_id,
        record ->> '$.trial' as trial,
        try_cast(coalesce(record ->> '$.reward', record ->> '$.reward_info.reward') as double) as logged_reward,
        if(isfinite(logged_reward), logged_reward, null) as reward,
        coalesce(
            record ->> '$.start_time', record ->> '$.started_at', record ->> '$.created_at', record ->> '$.created',
            record ->> '$.create_time', record ->> '$.timestamp'
        ) as claimed_start,
        coalesce(record ->> '$.end_time', record ->> '$.ended_at') as claimed_end,
    from chat_records as records
    left join runs using (source_file, document_line)
    where records.is_conversation
),

-- one name for one content: the same wherever and whenever it lands, another for each repeat inside one file
identified as (
    select
        *,
        md5(
            concat_ws(
                chr(31), coalesce(record_id, ''), coalesce(logged_session_id, ''), coalesce(task_id, ''),
                coalesce(trial, ''), coalesce(claimed_start, ''), coalesce(cast(run_error as varchar), ''),
                cast(messages as varchar)
            )
        ) as content_key,
    from described
),

timed as (
    select
        identified.*,
        talks.* exclude (source_file, source_line),
        case
            when repeats.ordinal = 1 then 'chat:' || content_key
            else 'chat:' || md5(content_key || ':' || repeats.ordinal)
        end as conversation_id,
        coalesce(log_time(claimed_start), first_sent_at) as claimed_started_at,
        coalesce(log_time(claimed_end), last_sent_at) as claimed_ended_at,
        run_number,
    from identified
    left join talks using (source_file, source_line)
    inner join (
        select
            source_file,
            source_line,
            row_number() over (partition by source_file, content_key order by source_line) as ordinal,
            row_number() over (partition by landed_date order by source_file, source_line) as run_number,
        from identified
    ) as repeats using (source_file, source_line)
),

spans as (
    select
        *,
        case
            when claimed_started_at < timestamp '2000-01-01' then 'before_2000'
            when claimed_started_at is null then 'no_timestamps'
        end as own_note,
        cast(date_diff('microsecond', claimed_started_at, claimed_ended_at) as double) / 1000 as claimed_ms,
        cast(claimed_started_at as time) = time '00:00:00'
        or coalesce(regexp_full_match(trim(claimed_start), '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00([.]0+)?)?.{0,6})?'), false)
            as is_midnight,
        case
            when count(*) over (partition by source_file) >= 3 then source_file
            else regexp_replace(source_file, '[^/]*$', '')
        end as clock_group,
    from timed
),

-- a clock that shows the same for everybody was made up
clocks as (
    select
        landed_date,
        clock_group,
        case
            when bool_and(is_midnight) then 'midnight_starts'
            when count(*) >= 3 and count(distinct claimed_started_at) = 1 then 'constant_starts'
            when count(nullif(claimed_ms, 0)) >= 5 and count(distinct round(nullif(claimed_ms, 0))) = 1
                then 'constant_durations'
        end as group_note,
    from spans
    where own_note is null
    group by landed_date, clock_group
),

noted as (
    select
        spans.*,
        coalesce(own_note, group_note) as clock_note,
        cast(landed_date as timestamp) + to_milliseconds(run_number - 1) as made_up_at,
    from spans
    left join clocks using (landed_date, clock_group)
)

select
    source_file,
    source_line,
    conversation_id,
    coalesce(logged_session_id, text_id, conversation_id) as session_id,
    user_id,
    if(clock_note is null, 'real', 'synthetic') as clock,
    clock_note,
    if(clock_note is null, claimed_started_at, made_up_at) as started_at,
    if(clock_note is null and claimed_ms >= 0, claimed_ended_at, null) as ended_at,
    if(clock_note is null and claimed_ms > 0, claimed_ms, null) as duration_ms,
    claimed_start,
    record_id,
    task_id,
    trial,
    -- the same task in another run is its pair; its domain, else its own text, tells it from tasks of the same number
    concat_ws(
        '/',
        coalesce(
            run_info ->> '$.environment_info.domain_name',
            left(md5(concat(record ->> '$.info.task.user_id', chr(31), record ->> '$.info.task.instruction')), 8)
        ),
        task_id
    ) as pair_id,
    reward,
    run_info ->> '$.environment_info.domain_name' as domain,
    coalesce(record ->> '$.agent', run_info ->> '$.agent_info.implementation') as agent,
    coalesce(record ->> '$.model', record ->> '$.metadata.model', run_info ->> '$.agent_info.llm') as model,
    coalesce(record ->> '$.termination_reason', record ->> '$.info.termination_reason') as termination_reason,
    request_text,
    chat_answer(last_answer) as response_text,
    json_answers,
    message_count,
    coalesce(tool_calls, 0) as tool_calls,
    coalesce(
        try_cast(coalesce(record ->> '$.usage.prompt_tokens', record ->> '$.usage.input_tokens') as bigint),
        if(answers_with_tokens >= answers, input_tokens, null)
    ) as input_tokens,
    coalesce(
        try_cast(coalesce(record ->> '$.usage.completion_tokens', record ->> '$.usage.output_tokens') as bigint),
        if(answers_with_tokens >= answers, output_tokens, null)
    ) as output_tokens,
    coalesce(
        try_cast(coalesce(record ->> '$.agent_cost', record ->> '$.cost_usd') as decimal(28, 12)),
        if(answers_with_cost >= answers and answers > 0, cost_usd, null)
    ) as cost_usd,
    coalesce(run_error ->> '$.message', run_error ->> '$') as run_error,
    record ->> '$.info.traceback' as run_traceback,
from noted;
