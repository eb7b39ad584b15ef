-- A trace is a root interaction, each of its observations a step of the one above it.
with

roots as (
    select
        source_file,
        source_line,
        '' as step,
        json_object(
            'event_id', event_id,
            'event_type', 'interaction',
            'occurred_at', langfuse_moment(coalesce(sent_at, cast(landed_date as timestamp))),
            'clock', if(sent_at is null, 'synthetic', 'real'),
            'user_id', trace ->> '$.userId',
            'session_id', trace ->> '$.sessionId',
            'trace_id', trace_id,
            'release', trace ->> '$.release',
            'environment', trace ->> '$.environment',
            'intent', nullif(trace ->> '$.name', ''),
            'task_type', 'trace',
            'success', success,
            'request_text', request_text,
            'response_text', response_text,
            'duration_ms', if(sent_at is null or duration_ms < 0, null, duration_ms),
            'model', model,
            'input_tokens', input_tokens,
            'output_tokens', output_tokens,
            'cost_usd', cost_usd,
            'attributes', json_merge_patch('{}', json_object(
                'clock_note', if(sent_at is null, 'no_timestamps', null),
                'version', trace ->> '$.version',
                'tags', log_value(trace -> '$.tags')
            ))
        ) as event,
    from langfuse_traces
    where is_rooted
),

steps as (
    select
        observations.from_file as source_file,
        observations.from_line as source_line,
        observations.observation_id as step,
        json_object(
            'event_id', observations.event_id,
            'event_type', 'interaction',
            'occurred_at', langfuse_moment(coalesce(observations.started_at, traces.sent_at, cast(traces.landed_date as timestamp))),
            'clock', if(observations.started_at is null, 'synthetic', 'real'),
            'user_id', traces.trace ->> '$.userId',
            'session_id', traces.trace ->> '$.sessionId',
            'trace_id', traces.trace_id,
            'release', traces.trace ->> '$.release',
            'environment', traces.trace ->> '$.environment',
            'parent_id', observations.parent_event_id,
            'intent', nullif(observation ->> '$.name', ''),
            'task_type', case kind
                when 'GENERATION' then 'llm_call'
                when 'TOOL' then 'tool_call'
                when 'RETRIEVER' then 'retrieval'
                when 'EVALUATOR' then 'evaluation'
                else lower(kind)
            end,
            'success', case when is_error then false when observations.ended_at is not null then true end,
            'error', if(is_error, coalesce(observation ->> '$.statusMessage', 'ObservationError'), null),
            'request_text', if(kind = 'GENERATION', words.asked, null),
            'response_text', words.answered,
            'params', if(kind = 'TOOL', log_strict(langfuse_open(observation -> '$.input')), null),
            'duration_ms', if(observations.ended_at < observations.started_at, null,
                date_diff('microsecond', observations.started_at, observations.ended_at) / 1000.0),
            'ttft_ms', if(log_time(observation ->> '$.completionStartTime') < observations.started_at, null,
                date_diff('microsecond', observations.started_at, log_time(observation ->> '$.completionStartTime')) / 1000.0),
            'model', observation ->> '$.model',
            'prompt_id', observation ->> '$.promptName',
            'prompt_version', try_cast(observation ->> '$.promptVersion' as integer),
            'input_tokens', if(kind = 'GENERATION', observations.input_tokens, null),
            'output_tokens', if(kind = 'GENERATION', observations.output_tokens, null),
            'cost_usd', if(kind = 'GENERATION', observations.cost_usd, null)
        ) as event,
    from langfuse_observations as observations
    inner join langfuse_traces as traces using (source_file, source_line)
    left join langfuse_words as words
        on words.source_file = observations.source_file
        and words.source_line = observations.source_line
        and words.owner = observations.observation_id
    where kind != 'EVENT'
),

no_traces as (
    select
        source_file,
        source_line,
        '' as step,
        json_object('unmapped', 'no trace with an id and observations or a timestamp', 'record', record) as event,
    from langfuse_records
    where not coalesce(is_trace, false)
),

events as (
    from roots
    union all
    from steps
    union all
    from no_traces
)

select
    source_file,
    source_line,
    cast(event as varchar) as event,
from events
order by source_file, source_line, step
