-- The place of each span in its trace, and each interaction with all that its mapping needs.

-- each span once, however often it landed, with what the tree of its trace says about it
create or replace temp table otlp_tree as
with

distinct_spans as (
    select
        spans.span_key,
        spans.trace_id,
        spans.parent_span_id,
        spans.side,
        spans.is_parent_remote,
        spans.is_error,
        spans.span_row,
        spans.trace_id || ':' || spans.parent_span_id as parent_key,
        wide.step,
    from otlp_spans as spans
    left join otlp_wide as wide on wide.carrier = 'span:' || spans.span_row
    qualify row_number() over (partition by spans.span_key order by spans.span_row) = 1
),

placed as (
    select
        spans.*,
        spans.parent_key is null
        or (parents.span_key is null and (spans.is_parent_remote or spans.side is not distinct from 'server')) as is_root,
    from distinct_spans as spans
    left join distinct_spans as parents on parents.span_key = spans.parent_key
)

select
    *,
    is_root or step is not null as is_interaction,
    otlp_event_id(span_key) as event_id,
    count(*) filter (where is_root) over (partition by trace_id) as roots_of_trace,
from placed;

-- the nearest interaction above each span; spans between, such as http handlers, are stepped over
create or replace temp table otlp_above as
with recursive

climb as (
    select
        span_key,
        parent_key as above_key,
        1 as height,
    from otlp_tree
    where not is_root

    union all

    select
        climb.span_key,
        parents.parent_key as above_key,
        climb.height + 1 as height,
    from climb
    inner join otlp_tree as parents on parents.span_key = climb.above_key
    where not parents.is_interaction and parents.parent_key is not null and climb.height < 100
)

select
    span_key,
    otlp_event_id(arg_max(above_key, height)) as event_id,
from climb
group by span_key;

-- what belongs to a whole trace: who asked, and, where a single root does not say it itself, what its steps say
create or replace temp table otlp_traces as
with

told as (
    select
        spans.trace_id,
        spans.start_ns,
        spans.end_ns,
        spans.span_row,
        tree.step,
        tree.is_root,
        wide.* exclude (step),
        texts.request_text,
        texts.response_text,
        tree.step in ('agent', 'chain', 'llm_call') as is_talk,
        tree.step in ('llm_call', 'embedding') as is_model_call,
        exists (
            from otlp_tree as steps
            where steps.parent_key = tree.span_key and steps.step in ('llm_call', 'embedding')
        ) as is_repeated_below,
    from otlp_spans as spans
    inner join otlp_tree as tree using (span_row)
    left join otlp_wide as wide on wide.carrier = 'span:' || spans.span_row
    left join otlp_texts as texts on texts.carrier = 'span:' || spans.span_row
    where spans.trace_id is not null
)

select
    trace_id,
    arg_min(user_id, (not is_root, start_ns, span_row)) filter (where user_id is not null) as user_id,
    arg_min(session_id, (not is_root, start_ns, span_row)) filter (where session_id is not null) as session_id,
    arg_min(agent, (start_ns, span_row)) filter (where agent is not null) as agent,
    arg_min(request_text, (start_ns, span_row)) filter (where is_talk and request_text is not null) as request_text,
    arg_max(response_text, (end_ns, -span_row)) filter (where is_talk and response_text is not null) as response_text,
    if(count(distinct model) filter (where is_model_call) = 1, min(model) filter (where is_model_call), null) as model,
    sum(input_tokens) filter (where is_model_call and not is_repeated_below) as input_tokens,
    sum(output_tokens) filter (where is_model_call and not is_repeated_below) as output_tokens,
    sum(cost_usd) filter (where is_model_call and not is_repeated_below) as cost_usd,
from told
group by trace_id;

-- each span with its fields, its place in the trace, and what its trace and its resource say
create or replace temp table otlp_described as
with

joined as (
    select
        spans.* exclude (attributes, events),
        tree.event_id,
        tree.is_root,
        tree.is_interaction,
        tree.step,
        coalesce(tree.step = 'tool_call', false) as is_tool,
        -- a chain repeats the usage of the model calls in it
        tree.is_root or tree.step != 'chain' as has_own_usage,
        if(tree.is_root, null, above.event_id) as parent_id,
        if(tree.is_interaction, tree.event_id, above.event_id) as interaction_id,
        wide.* exclude (carrier, step, user_id, session_id, service, release, environment, host, published_version),
        coalesce(wide.user_id, traces.user_id) as user_id,
        coalesce(wide.session_id, traces.session_id) as session_id,
        coalesce(wide.service, resources.service) as service,
        coalesce(wide.release, resources.release) as release,
        coalesce(wide.environment, resources.environment) as environment,
        coalesce(wide.host, resources.host) as host,
        coalesce(wide.published_version, resources.published_version) as published_version,
        if(tree.is_root and tree.roots_of_trace = 1, traces, null) as below,
        texts.request_text as asked,
        texts.response_text as answered,
        rest.attributes as rest,
    from otlp_spans as spans
    inner join otlp_tree as tree using (span_key)
    left join otlp_above as above using (span_key)
    left join otlp_wide as wide on wide.carrier = 'span:' || spans.span_row
    left join otlp_wide as resources on resources.carrier = 'record:' || spans.record_number
    left join otlp_texts as texts on texts.carrier = 'span:' || spans.span_row
    left join otlp_rest as rest on rest.carrier = 'span:' || spans.span_row
    left join otlp_traces as traces on traces.trace_id = spans.trace_id
)

select
    * exclude (
        below, asked, answered, arguments, tool_result, agent, model, input_tokens, output_tokens,
        cost_usd
    ),
    coalesce(agent, below.agent) as agent,
    coalesce(model, below.model) as model,
    if(is_tool, null, coalesce(asked, below.request_text)) as request_text,
    if(is_tool, coalesce(tool_result, answered), coalesce(answered, below.response_text)) as response_text,
    try_cast(cast(arguments as json) ->> '$' as json) as arguments_parsed,
    if(is_tool, coalesce(if(log_is_strict(arguments_parsed), arguments_parsed, null), cast(arguments as json)), null)
        as params,
    if(has_own_usage, coalesce(input_tokens, below.input_tokens), null) as input_tokens,
    if(has_own_usage, coalesce(output_tokens, below.output_tokens), null) as output_tokens,
    if(has_own_usage, coalesce(cost_usd, below.cost_usd), null) as cost_usd,
    coalesce(if(is_tool, tool_name, null), span_name) as operation,
from joined;
