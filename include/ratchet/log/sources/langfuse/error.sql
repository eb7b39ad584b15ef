-- An observation of level ERROR; one that failed with a step of its own has nothing to add.
with

failed as (
    select *
    from langfuse_observations as observations
    where
        is_error
        and not exists (
            select 1
            from langfuse_observations as below
            where
                below.source_file = observations.source_file
                and below.source_line = observations.source_line
                and below.parent = observations.observation_id
                and below.is_error
        )
)

select
    failed.from_file as source_file,
    failed.from_line as source_line,
    cast(
        json_object(
            'event_id', failed.event_id || ':error',
            'event_type', 'error',
            'occurred_at', langfuse_moment(coalesce(
                failed.ended_at, failed.started_at, traces.sent_at, cast(traces.landed_date as timestamp)
            )),
            'clock', if(coalesce(failed.ended_at, failed.started_at) is null, 'synthetic', 'real'),
            'user_id', traces.trace ->> '$.userId',
            'session_id', traces.trace ->> '$.sessionId',
            'trace_id', traces.trace_id,
            'release', traces.trace ->> '$.release',
            'environment', traces.trace ->> '$.environment',
            'error_type', coalesce(
                nullif(regexp_extract(observation ->> '$.statusMessage', '^([A-Za-z_][\w.]*(?:Error|Exception|Timeout))\b', 1), ''),
                'ObservationError'
            ),
            'message', observation ->> '$.statusMessage',
            'interaction_id', if(failed.kind = 'EVENT', failed.parent_event_id, failed.event_id)
        ) as varchar
    ) as event,
from failed
inner join langfuse_traces as traces using (source_file, source_line)
order by failed.from_file, failed.from_line, failed.observation_id
