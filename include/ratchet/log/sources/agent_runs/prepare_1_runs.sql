-- Runs and their turns, one temporary table each: who, when, how it ended, and who is to blame where it broke.
-- docs/sources.md says in words what is read from where.
create or replace temp table agent_runs as
with

read as (
    select
        * exclude (record),
        record,
        json_transform(record, '{
            "task_id": "VARCHAR", "category": "VARCHAR", "scenario": "VARCHAR", "agent_type": "VARCHAR",
            "agent_id": "VARCHAR", "agent": "VARCHAR", "model": "VARCHAR", "conversation_id": "VARCHAR",
            "session_id": "VARCHAR", "user_id": "VARCHAR", "ts": "VARCHAR", "timestamp": "VARCHAR",
            "started_at": "VARCHAR", "start_time": "VARCHAR", "instruction": "VARCHAR", "goal": "VARCHAR",
            "result": "VARCHAR", "status": "VARCHAR", "correct": "BOOLEAN", "infra_fail": "BOOLEAN",
            "infra_reason": "VARCHAR", "duration_ms": "DOUBLE", "turns": "JSON",
            "grade": {"reason": "VARCHAR"}, "outcome": {"task_success": "BOOLEAN", "task_success_reason": "VARCHAR"},
            "metadata": {"setup_error": "VARCHAR", "latencies_ms": ["DOUBLE"]}
        }') as r,
    from raw
),

timed as (
    select
        *,
        coalesce(
            try_strptime(r.ts, '%Y%m%dT%H%M%SZ'), log_time(r.ts), log_time(r.started_at), log_time(r.start_time),
            log_time(r.timestamp),
            -- a run without a start of its own, whose tools said when they answered
            log_time(nullif(regexp_extract(
                replace(cast(r.turns as varchar), '\', ''), '"lastUpdated": ?"([0-9T:.Z+-]+)"', 1
            ), ''))
        ) as said_at,
    from read
)

select
    source_file,
    source_line,
    record,
    r,
    json_type(r.turns) = 'ARRAY' as is_run,
    'run-' || md5(cast(record as varchar)) as run_id,
    if(said_at is null, 'synthetic', 'real') as clock,
    coalesce(said_at, cast(landed_date as timestamp) + to_microseconds(1000 * source_line)) as started_at,
    coalesce(r.model, nullif(regexp_extract(source_file, '([^/]+)/tasks/[^/]+$', 1), '')) as model,
    -- what the agent stands on, not the agent, broke the run
    case
        when r.metadata.setup_error is not null then r.metadata.setup_error
        when r.infra_fail then 'InfrastructureFailure: ' || coalesce(r.infra_reason, 'no reason was given')
    end as broken_by,
    coalesce(r.correct, r.outcome.task_success) as graded,
from timed;

create or replace temp table agent_turns as
with

opened as (
    select
        * exclude (record),
        generate_subscripts(json_extract(r.turns, '$[*]'), 1) as turn,
        unnest(json_extract(r.turns, '$[*]')) as body,
    from agent_runs
    where is_run
),

named as (
    select
        *,
        len(json_extract(r.turns, '$[*]')) as turns,
        body ->> '$.action_kind' as action,
        try_cast(body ->> '$.latency_ms' as double) as own_ms,
    from opened
)

select
    *,
    coalesce(own_ms, if(len(r.metadata.latencies_ms) = turns, r.metadata.latencies_ms[turn], null)) as duration_ms,
from named;
