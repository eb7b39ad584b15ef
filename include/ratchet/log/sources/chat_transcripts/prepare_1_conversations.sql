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

create or replace temp table chat_messages as
with

read as (
    select
        source_file,
        source_line,
        json_transform(record, '{"messages": ["JSON"], "traj": ["JSON"]}') as lists,
    from raw
),

numbered as (
    select
        source_file,
        source_line,
        generate_subscripts(coalesce(lists.traj, lists.messages), 1) as message_index,
        unnest(coalesce(lists.traj, lists.messages)) as message,
    from read
),

opened as (
    select
        * exclude (message),
        json_transform(message, '{
            "role": "VARCHAR", "content": "JSON", "name": "VARCHAR", "id": "VARCHAR", "tool_call_id": "VARCHAR",
            "timestamp": "VARCHAR", "created_at": "VARCHAR", "created": "VARCHAR",
            "error": "JSON", "is_error": "VARCHAR", "status": "VARCHAR", "cost": "VARCHAR",
            "usage": {
                "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR",
                "input_tokens": "VARCHAR", "output_tokens": "VARCHAR"
            },
            "tool_calls": ["JSON"], "function_call": "JSON"
        }') as m,
    from numbered
)

select
    source_file,
    source_line,
    message_index,
    lower(m.role) as role,
    if(lower(m.role) in ('system', 'developer'), null, log_words(m.content)) as body,
    log_time(coalesce(m.timestamp, m.created_at, m.created)) as claimed_at,
    if(claimed_at >= timestamp '2000-01-01', claimed_at, null) as sent_at,
    case
        when len(m.tool_calls) > 0 then m.tool_calls
        when json_type(m.function_call) = 'OBJECT' then [m.function_call]
    end as calls,
    m.name as tool_name,
    m.tool_call_id,
    m.id as message_id,
    m.error,
    m.is_error,
    m.status,
    try_cast(coalesce(m.usage.prompt_tokens, m.usage.input_tokens) as bigint) as input_tokens,
    try_cast(coalesce(m.usage.completion_tokens, m.usage.output_tokens) as bigint) as output_tokens,
    try_cast(m.cost as decimal(28, 12)) as cost_usd,
from opened
where lower(m.role) in ('system', 'developer', 'user', 'assistant', 'tool', 'function');

-- every record with what it says of itself; the long texts stay behind
create or replace temp table chat_records as
with

read as (
    select
        source_file,
        source_line,
        document_line,
        landed_date,
        json_transform(record, '{
            "id": "JSON", "session_id": "VARCHAR", "conversation_id": "VARCHAR", "thread_id": "VARCHAR",
            "user_id": "VARCHAR", "user": "JSON", "agent": "VARCHAR", "model": "VARCHAR",
            "task_id": "VARCHAR", "trial": "VARCHAR", "reward": "VARCHAR", "reward_info": {"reward": "VARCHAR"},
            "termination_reason": "VARCHAR", "error": "JSON",
            "start_time": "VARCHAR", "started_at": "VARCHAR", "created_at": "VARCHAR", "created": "VARCHAR",
            "create_time": "VARCHAR", "timestamp": "VARCHAR", "end_time": "VARCHAR", "ended_at": "VARCHAR",
            "agent_cost": "VARCHAR", "cost_usd": "VARCHAR",
            "usage": {
                "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR",
                "input_tokens": "VARCHAR", "output_tokens": "VARCHAR"
            },
            "metadata": {
                "session_id": "VARCHAR", "conversation_id": "VARCHAR", "user_id": "VARCHAR", "model": "VARCHAR"
            },
            "info": {
                "error": "JSON", "traceback": "VARCHAR", "termination_reason": "VARCHAR",
                "task": {"user_id": "VARCHAR", "instruction": "VARCHAR"}
            },
            "messages": "JSON", "traj": "JSON"
        }') as r,
    from raw
),

opened as (
    select
        *,
        coalesce(r.traj, r.messages) as messages,
        coalesce(r.info.error, r.error) as logged_error,
    from read
),

counted as (
    select source_file, source_line, count(*) as message_count,
    from chat_messages
    group by source_file, source_line
),

named as (
    select
        source_file,
        source_line,
        document_line,
        landed_date,
        coalesce(message_count, 0) as message_count,
        message_count > 0 or (json_type(messages) = 'ARRAY' and logged_error is not null) as is_conversation,
        r.id ->> '$' as record_id,
        coalesce(
            r.session_id, r.conversation_id, r.thread_id, r.metadata.session_id, r.metadata.conversation_id,
            if(json_type(r.id) = 'VARCHAR', r.id ->> '$', null)
        ) as logged_session_id,
        coalesce(
            r.user_id, if(json_type(r.user) = 'VARCHAR', r.user ->> '$', r.user ->> '$.id'), r.metadata.user_id,
            r.info.task.user_id
        ) as user_id,
        r.agent,
        coalesce(r.model, r.metadata.model) as model,
        r.task_id,
        r.trial,
        left(md5(concat(r.info.task.user_id, chr(31), r.info.task.instruction)), 8) as task_key,
        try_cast(coalesce(r.reward, r.reward_info.reward) as double) as logged_reward,
        if(isfinite(logged_reward), logged_reward, null) as reward,
        coalesce(r.termination_reason, r.info.termination_reason) as termination_reason,
        coalesce(logged_error ->> '$.message', logged_error ->> '$') as run_error,
        r.info.traceback as run_traceback,
        coalesce(r.start_time, r.started_at, r.created_at, r.created, r.create_time, r.timestamp) as claimed_start,
        coalesce(r.end_time, r.ended_at) as claimed_end,
        try_cast(coalesce(r.usage.prompt_tokens, r.usage.input_tokens) as bigint) as input_tokens,
        try_cast(coalesce(r.usage.completion_tokens, r.usage.output_tokens) as bigint) as output_tokens,
        try_cast(coalesce(r.agent_cost, r.cost_usd) as decimal(28, 12)) as cost_usd,
        -- one name for one content: the same wherever and whenever it lands
        md5(concat_ws(
            chr(31), coalesce(record_id, ''), coalesce(logged_session_id, ''), coalesce(r.task_id, ''),
            coalesce(r.trial, ''), coalesce(claimed_start, ''), coalesce(cast(logged_error as varchar), ''),
            md5(cast(messages as varchar))
        )) as content_key,
    from opened
    left join counted using (source_file, source_line)
)

select
    *,
    -- a content that repeats inside one file is a conversation of its own each time
    row_number() over (partition by source_file, content_key order by source_line) as repeat_number,
    row_number() over (partition by landed_date order by source_file, source_line) as run_number,
    'chat:' || if(repeat_number = 1, content_key, md5(content_key || ':' || repeat_number)) as conversation_id,
from named;

-- what the messages of a conversation say together
create or replace temp table chat_talks as
with

-- what the assistant says before the user does costs no model call
openings as (
    select
        source_file,
        source_line,
        min(message_index) filter (where role = 'user') as first_user_index,
    from chat_messages
    group by source_file, source_line
)

select
    source_file,
    source_line,
    min(sent_at) as first_sent_at,
    max(sent_at) as last_sent_at,
    arg_min(body, message_index) filter (where role = 'user' and body is not null) as request_text,
    arg_max(body, message_index) filter (where role = 'assistant' and body is not null) as last_answer,
    count(*) filter (where role = 'assistant' and json_type(try_cast(body as json)) in ('OBJECT', 'ARRAY'))
        as json_answers,
    coalesce(sum(len(calls)), 0) as tool_calls,
    count(*) filter (where role = 'assistant' and message_index > coalesce(first_user_index, 0)) as answers,
    count(input_tokens) filter (where role = 'assistant' and message_index > coalesce(first_user_index, 0))
        as counted_answers,
    count(cost_usd) filter (where role = 'assistant' and message_index > coalesce(first_user_index, 0))
        as priced_answers,
    sum(input_tokens) filter (where role = 'assistant') as summed_input_tokens,
    sum(output_tokens) filter (where role = 'assistant') as summed_output_tokens,
    sum(cost_usd) filter (where role = 'assistant') as summed_cost_usd,
from chat_messages
inner join openings using (source_file, source_line)
group by source_file, source_line;

-- by which clock each conversation ran
create or replace temp table chat_clocks as
with

claimed as (
    select
        source_file,
        source_line,
        landed_date,
        run_number,
        claimed_start,
        coalesce(log_time(claimed_start), first_sent_at) as started_at,
        coalesce(log_time(claimed_end), last_sent_at) as ended_at,
        cast(date_diff('microsecond', started_at, ended_at) as double) / 1000 as lasted_ms,
        cast(started_at as time) = time '00:00:00' or coalesce(
            regexp_full_match(trim(claimed_start), '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00([.]0+)?)?.{0,6})?'), false
        ) as is_midnight,
        case
            when started_at is null then 'no_timestamps'
            when started_at < timestamp '2000-01-01' then 'before_2000'
        end as own_note,
        -- conversations are compared inside their file, and files of one or two with the rest of their folder
        if(count(*) over (partition by source_file) >= 3, source_file, regexp_replace(source_file, '[^/]*$', ''))
            as clock_group,
    from chat_records
    left join chat_talks using (source_file, source_line)
    where is_conversation
),

-- a clock that shows the same for everybody was made up
groups as (
    select
        landed_date,
        clock_group,
        case
            when bool_and(is_midnight) then 'midnight_starts'
            when count(*) >= 3 and count(distinct started_at) = 1 then 'constant_starts'
            when count(nullif(lasted_ms, 0)) >= 5 and count(distinct round(nullif(lasted_ms, 0))) = 1
                then 'constant_durations'
        end as group_note,
    from claimed
    where own_note is null
    group by landed_date, clock_group
),

noted as (
    select
        *,
        coalesce(own_note, group_note) as clock_note,
        clock_note is null as is_real,
    from claimed
    left join groups using (landed_date, clock_group)
)

select
    source_file,
    source_line,
    clock_note,
    if(is_real, 'real', 'synthetic') as clock,
    if(is_real, started_at, cast(landed_date as timestamp) + to_milliseconds(run_number - 1)) as started_at,
    if(is_real and lasted_ms >= 0, ended_at, null) as ended_at,
    if(is_real and lasted_ms > 0, lasted_ms, null) as duration_ms,
from noted;

create or replace temp table chat_conversations as
with

runs as (
    select
        source_file,
        document_line,
        document ->> '$.info.environment_info.domain_name' as domain,
        document ->> '$.info.agent_info.implementation' as run_agent,
        document ->> '$.info.agent_info.llm' as run_model,
    from documents
    where json_type(document, '$.info') = 'OBJECT'
)

select
    source_file,
    source_line,
    conversation_id,
    coalesce(logged_session_id, conversation_id) as session_id,
    user_id,
    clock,
    clock_note,
    claimed_start,
    started_at,
    ended_at,
    duration_ms,
    record_id,
    task_id,
    trial,
    -- the same task in another run is its pair; its domain, else its own text, tells it from tasks of the same number
    coalesce(domain, task_key) || '/' || task_id as pair_id,
    reward,
    domain,
    coalesce(agent, run_agent) as agent,
    coalesce(model, run_model) as model,
    termination_reason,
    request_text,
    chat_answer(last_answer) as response_text,
    coalesce(json_answers, 0) as json_answers,
    message_count,
    coalesce(tool_calls, 0) as tool_calls,
    -- a sum over some of the answers only would look like a small number
    coalesce(input_tokens, if(counted_answers = answers, summed_input_tokens, null)) as input_tokens,
    coalesce(output_tokens, if(counted_answers = answers, summed_output_tokens, null)) as output_tokens,
    coalesce(cost_usd, if(priced_answers = answers and answers > 0, summed_cost_usd, null)) as cost_usd,
    run_error,
    run_traceback,
from chat_records
left join runs using (source_file, document_line)
left join chat_talks using (source_file, source_line)
inner join chat_clocks using (source_file, source_line);
