-- Traces with their observations and scores. docs/sources.md says in words what is read from where.

-- a text that holds json is that json; exports wrap it up to twice
create or replace temp macro langfuse_inner(value) as (
    case
        when json_type(value) = 'VARCHAR' and regexp_matches(value ->> '$', '^\s*["{\[]')
            then coalesce(try_cast(value ->> '$' as json), value)
        else value
    end
);
create or replace temp macro langfuse_open(value) as (
    langfuse_inner(langfuse_inner(langfuse_inner(log_value(value))))
);

create or replace temp macro langfuse_moment(value) as (
    strftime(value, '%Y-%m-%dT%H:%M:%S.%fZ')
);

-- an id of the contract has 128 characters at the most
create or replace temp macro langfuse_id(name) as (
    if(length(name) > 119, 'langfuse:' || md5(name), 'langfuse:' || name)
);

create or replace temp table langfuse_records as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record,
        is_export,
        if(json_type(record -> '$.trace') = 'OBJECT', record -> '$.trace', record) as trace,
    from langfuse_documents
)

select
    *,
    nullif(trace ->> '$.id', '') as trace_id,
    coalesce(json_type(record -> '$.observations') = 'ARRAY', false) as has_observations,
    trace_id is not null
    and (has_observations or json_type(trace -> '$.observations') = 'ARRAY' or log_time(trace ->> '$.timestamp') is not null)
        as is_trace,
from opened;

create or replace temp table langfuse_observations as
with

listed as (
    select
        source_file,
        source_line,
        landed_date,
        trace_id,
        is_export,
        unnest(json_extract(if(has_observations, record, trace), '$.observations[*]')) as observation,
    from langfuse_records
    where is_trace
),

named as (
    select
        *,
        observation ->> '$.id' as observation_id,
        upper(coalesce(observation ->> '$.type', 'SPAN')) as kind,
        nullif(observation ->> '$.parentObservationId', '') as above,
        log_time(observation ->> '$.startTime') as started_at,
        log_time(observation ->> '$.endTime') as ended_at,
        observation ->> '$.level' = 'ERROR' as is_error,
    from listed
    where json_type(observation) = 'OBJECT' and nullif(observation ->> '$.id', '') is not null
)

select
    named.*,
    parents.observation_id as parent,
    langfuse_id(named.trace_id || ':' || named.observation_id) as event_id,
    langfuse_id(named.trace_id || coalesce(':' || coalesce(parents.observation_id, if(is_export, above, null)), ''))
        as parent_event_id,
    coalesce(observation ->> '$.from_file', named.source_file) as from_file,
    coalesce(try_cast(observation ->> '$.from_line' as bigint), named.source_line) as from_line,
    try_cast(coalesce(observation ->> '$.usageDetails.input', observation ->> '$.usage.input') as bigint) as input_tokens,
    try_cast(coalesce(observation ->> '$.usageDetails.output', observation ->> '$.usage.output') as bigint) as output_tokens,
    try_cast(coalesce(observation ->> '$.totalCost', observation ->> '$.costDetails.total') as double) as cost_usd,
from named
left join (select distinct source_file, source_line, trace_id, observation_id from named where kind != 'EVENT') as parents
    on parents.source_file = named.source_file
    and parents.source_line = named.source_line
    and parents.trace_id = named.trace_id
    and parents.observation_id = named.above
    and parents.observation_id != named.observation_id
where named.kind != 'EVENT' or named.is_error;

-- what was asked and answered, by the names that frameworks give it; where none is known, the whole as it is
create or replace temp table langfuse_words as
with

said as (
    select
        source_file,
        source_line,
        '' as owner,
        unnest(['input', 'output']) as side,
        langfuse_open(trace -> ('$.' || side)) as value,
    from langfuse_records
    where is_trace

    union all

    select
        source_file,
        source_line,
        observation_id as owner,
        unnest(['input', 'output']) as side,
        langfuse_open(observation -> ('$.' || side)) as value,
    from langfuse_observations
),

listed as (
    select
        *,
        if(side = 'input', ['user', 'human'], ['assistant', 'ai']) as roles,
        json_extract(if(json_type(value) = 'ARRAY', value, value -> '$.messages'), '$[*]') as messages,
    from said
    where value is not null
),

-- the last message of the role; langchain calls roles types
spoken as (
    select
        *,
        list_filter(
            messages, lambda one: list_contains(roles, coalesce(one ->> '$.role', one ->> '$.type'))
        )[-1] as message,
    from listed
),

found as (
    select
        * exclude (messages, roles),
        case
            when message is not null
                then coalesce(log_value(message -> '$.content'), log_value(message -> '$.parts'), message)
            when json_type(value) = 'OBJECT' and side = 'input' then coalesce(
                log_value(value -> '$.prompt'), log_value(value -> '$.query'), log_value(value -> '$.question'),
                log_value(value -> '$.contents'), log_value(value -> '$.input'), log_value(value -> '$.content'),
                log_value(value -> '$.args[0]'), value
            )
            when json_type(value) = 'OBJECT' then coalesce(
                log_value(value -> '$.content'), log_value(value -> '$.text'), log_value(value -> '$.output'),
                log_value(value -> '$.answer'), log_value(value -> '$.raw'), value
            )
            else value
        end as content,
    from spoken
)

select
    source_file,
    source_line,
    owner,
    any_value(log_words(content)) filter (where side = 'input') as asked,
    any_value(log_words(content)) filter (where side = 'output') as answered,
from found
group by source_file, source_line, owner;

-- a model call that another one of the same kind wraps is told twice: the innermost counts
create or replace temp table langfuse_traces as
with

inner_calls as (
    select *
    from langfuse_observations as calls
    where
        kind = 'GENERATION'
        and not exists (
            select 1
            from langfuse_observations as below
            where
                below.source_file = calls.source_file
                and below.source_line = calls.source_line
                and below.above = calls.observation_id
                and below.kind = 'GENERATION'
        )
),

spent as (
    select
        source_file,
        source_line,
        if(count(input_tokens) = count(*), sum(input_tokens), null) as input_tokens,
        if(count(output_tokens) = count(*), sum(output_tokens), null) as output_tokens,
        if(count(cost_usd) = count(*), sum(cast(cost_usd as decimal(38, 12))), null) as cost_usd,
        arg_min(observation_id, (started_at, observation_id)) as first_call,
        arg_max(observation_id, (started_at, observation_id)) as last_call,
        max(observation ->> '$.model') as model,
        count(distinct observation ->> '$.model') as models,
    from inner_calls
    group by source_file, source_line
),

ran as (
    select
        source_file,
        source_line,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        bool_or(is_error) filter (where parent is null) as has_failed,
        bool_and(ended_at is not null) filter (where parent is null) as has_ended,
        arg_min(observation_id, (started_at, observation_id)) filter (where parent is null) as top,
    from langfuse_observations
    where kind != 'EVENT'
    group by source_file, source_line
)

select
    records.source_file,
    records.source_line,
    records.landed_date,
    records.trace,
    records.record,
    records.trace_id,
    records.is_export,
    not records.is_export or coalesce(try_cast(records.record ->> '$.is_rooted' as boolean), false) as is_rooted,
    langfuse_id(records.trace_id) as event_id,
    coalesce(log_time(records.trace ->> '$.timestamp'), ran.started_at) as sent_at,
    case when ran.has_failed then false when ran.has_ended then true end as success,
    date_diff('microsecond', ran.started_at, ran.ended_at) / 1000.0 as duration_ms,
    coalesce(own.asked, above.asked, first_call.asked) as request_text,
    coalesce(own.answered, above.answered, last_call.answered) as response_text,
    spent.input_tokens,
    spent.output_tokens,
    cast(spent.cost_usd as double) as cost_usd,
    if(spent.models = 1, spent.model, null) as model,
from langfuse_records as records
left join spent on spent.source_file = records.source_file and spent.source_line = records.source_line
left join ran on ran.source_file = records.source_file and ran.source_line = records.source_line
left join langfuse_words as own
    on own.source_file = records.source_file and own.source_line = records.source_line and own.owner = ''
left join langfuse_words as above
    on above.source_file = records.source_file and above.source_line = records.source_line and above.owner = ran.top
left join langfuse_words as first_call
    on first_call.source_file = records.source_file and first_call.source_line = records.source_line and first_call.owner = spent.first_call
left join langfuse_words as last_call
    on last_call.source_file = records.source_file and last_call.source_line = records.source_line and last_call.owner = spent.last_call
where records.is_trace;

create or replace temp table langfuse_scores as
with

listed as (
    select
        source_file,
        source_line,
        landed_date,
        trace,
        trace_id,
        is_export,
        unnest(list_concat(
            coalesce(json_extract(trace, '$.scores[*]'), []),
            if(trace = record, [], coalesce(json_extract(record, '$.scores[*]'), []))
        )) as score,
    from langfuse_traces
),

named as (
    select
        *,
        regexp_replace(lower(coalesce(score ->> '$.name', '')), '[^a-z]', '', 'g') as plain_name,
        score ->> '$.dataType' as data_type,
        try_cast(score ->> '$.value' as double) as value,
    from listed
    where json_type(score) = 'OBJECT'
)

select
    named.*,
    try_cast(score_names.minimum as double) as minimum,
    try_cast(score_names.maximum as double) as maximum,
    score_names.better,
    case score ->> '$.source'
        when 'EVAL' then 'evaluator'
        when 'ANNOTATION' then 'expert'
        else nullif(score_names.rater, '')
    end as rater,
    coalesce(observations.event_id, if(
        named.is_export and score ->> '$.observationId' is not null,
        langfuse_id(named.trace_id || ':' || (score ->> '$.observationId')),
        null
    )) as observed,
from named
left join score_names on score_names.name = named.plain_name
left join langfuse_observations as observations
    on observations.source_file = named.source_file
    and observations.source_line = named.source_line
    and observations.observation_id = named.score ->> '$.observationId';
