-- Rows of the blob storage export (a table a file, names_with_underscores) become traces as the API shows them. Windows
-- share their ends and rows are exported again when they change: of one id the newest counts.
create or replace temp macro langfuse_given(value) as (
    nullif(value, '')
);

create or replace temp table langfuse_told as
select
    *,
    coalesce(log_time(record ->> '$.updated_at'), log_time(record ->> '$.created_at'), timestamp '1970-01-01') as changed_at,
    json_exists(record, '$.trace_name') or json_exists(record, '$.is_root_observation') or json_exists(record, '$.user_id')
    or regexp_matches(source_file, '(^|/)observations_v2/') as is_enriched,
from (
    select
        source_file,
        source_line,
        landed_date,
        record,
        case
            when json_exists(record, '$.trace_id') and json_exists(record, '$.start_time') then 'observation'
            when json_exists(record, '$.data_type') and json_exists(record, '$.source') then 'score'
            when json_exists(record, '$.project_id') and json_exists(record, '$.timestamp') then 'trace'
        end as kind,
        langfuse_given(record ->> '$.id') as id,
    from raw
)
where kind is not null and id is not null;

create or replace temp table langfuse_exported as
select
    *,
    if(kind = 'trace', id, langfuse_given(record ->> '$.trace_id')) as trace_id,
from langfuse_told
qualify row_number() over (
    partition by kind, id, record ->> '$.trace_id'
    order by changed_at desc, is_enriched desc, md5(cast(record as varchar)), source_file, source_line
) = 1;

create or replace temp table langfuse_documents as
with

rows as (
    select
        *,
        case kind
            when 'observation' then json_object(
                'id', id,
                'parentObservationId', record ->> '$.parent_observation_id',
                'type', record ->> '$.type',
                'name', record ->> '$.name',
                'startTime', record ->> '$.start_time',
                'endTime', record ->> '$.end_time',
                'completionStartTime', record ->> '$.completion_start_time',
                'level', record ->> '$.level',
                'statusMessage', langfuse_given(record ->> '$.status_message'),
                'model', langfuse_given(record ->> '$.provided_model_name'),
                'usageDetails', record -> '$.usage_details',
                'costDetails', record -> '$.cost_details',
                'totalCost', record -> '$.total_cost',
                'promptName', langfuse_given(record ->> '$.prompt_name'),
                'promptVersion', record ->> '$.prompt_version',
                'input', langfuse_given(record ->> '$.input'),
                'output', langfuse_given(record ->> '$.output'),
                'from_file', source_file,
                'from_line', source_line
            )
            when 'score' then json_object(
                'id', id,
                'name', record ->> '$.name',
                'value', record -> '$.value',
                'stringValue', langfuse_given(record ->> '$.string_value'),
                'source', record ->> '$.source',
                'dataType', record ->> '$.data_type',
                'comment', langfuse_given(record ->> '$.comment'),
                'timestamp', record ->> '$.timestamp',
                'environment', record ->> '$.environment',
                'authorUserId', langfuse_given(record ->> '$.author_user_id'),
                'observationId', langfuse_given(record ->> '$.observation_id'),
                'from_file', source_file,
                'from_line', source_line
            )
        end as shaped,
    from langfuse_exported
),

-- what the rows of a trace say of it: its own row first, else its observations in the order of their starts
wholes as (
    select
        trace_id,
        min(landed_date) as landed_date,
        arg_min(source_file, (kind != 'trace', kind != 'observation', begun, source_file, source_line)) as source_file,
        arg_min(source_line, (kind != 'trace', kind != 'observation', begun, source_file, source_line)) as source_line,
        any_value(record) filter (where kind = 'trace') as own,
        coalesce(bool_or(
            kind = 'trace'
            or (kind = 'observation' and is_enriched and langfuse_given(record ->> '$.parent_observation_id') is null)
        ), false) as is_rooted,
        list(shaped order by begun, id) filter (where kind = 'observation') as observations,
        list(shaped order by begun, id) filter (where kind = 'score') as scores,
        arg_min(langfuse_given(record ->> '$.trace_name'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.trace_name') is not null) as trace_name,
        arg_min(langfuse_given(record ->> '$.user_id'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.user_id') is not null) as user_id,
        arg_min(langfuse_given(record ->> '$.session_id'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.session_id') is not null) as session_id,
        arg_min(langfuse_given(record ->> '$.release'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.release') is not null) as release,
        arg_min(langfuse_given(record ->> '$.environment'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.environment') is not null) as environment,
        arg_min(langfuse_given(record ->> '$.version'), (begun, id)) filter (where kind = 'observation' and langfuse_given(record ->> '$.version') is not null) as version,
    from (select *, coalesce(record ->> '$.start_time', record ->> '$.timestamp', '') as begun from rows)
    where trace_id is not null
    group by trace_id
),

assembled as (
    select
        source_file,
        source_line,
        landed_date,
        to_json(struct_pack(
            id := trace_id,
            is_rooted := is_rooted,
            "timestamp" := own ->> '$.timestamp',
            "name" := coalesce(langfuse_given(own ->> '$.name'), trace_name),
            "userId" := coalesce(langfuse_given(own ->> '$.user_id'), user_id),
            "sessionId" := coalesce(langfuse_given(own ->> '$.session_id'), session_id),
            "release" := coalesce(langfuse_given(own ->> '$.release'), release),
            "environment" := coalesce(langfuse_given(own ->> '$.environment'), environment),
            "version" := coalesce(langfuse_given(own ->> '$.version'), version),
            "tags" := own -> '$.tags',
            "input" := langfuse_given(own ->> '$.input'),
            "output" := langfuse_given(own ->> '$.output'),
            "observations" := coalesce(observations, []),
            "scores" := coalesce(scores, [])
        )) as record,
    from wholes
)

select source_file, source_line, landed_date, record, true as is_export
from assembled
union all
select source_file, source_line, landed_date, record, false as is_export
from raw
where not exists (
    select 1
    from langfuse_told
    where langfuse_told.source_file = raw.source_file and langfuse_told.source_line = raw.source_line
);
