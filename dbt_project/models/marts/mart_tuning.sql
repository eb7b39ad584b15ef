with durations as (

    select * from {{ ref('int_tuning_durations_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }}

),

runs as (

    select * from {{ ref('int_call_runs_daily') }}
    where {{ has_landed() }} and {{ in_window(days_shown()) }}

),

facts as (

    select
        setting,
        target,
        event_date,
        level,
        failed,
        upper_ms,
        at_once,
        cast(sum(n) as bigint) as n,
        cast(null as integer) as first_ms,
        cast(null as integer) as last_ms,
        cast(null as bigint) as day_calls,
    from durations
    group by setting, target, event_date, level, failed, upper_ms, at_once
    union all
    select
        'circuit_breaker' as setting,
        api as target,
        event_date,
        cast(row_number() over (partition by api, event_date order by first_ms, landed_date, run) as integer) as level,
        failed,
        cast(null as double) as upper_ms,
        cast(null as integer) as at_once,
        calls as n,
        first_ms,
        last_ms,
        case when run = 1 then day_calls end as day_calls,
    from runs

),

targets as (

    select
        setting,
        target,
        row_number() over (partition by setting order by sum(n) desc, target) as place,
        count(*) over (partition by setting) as targets,
    from facts
    group by setting, target

)

select
    {{ run_context('as_of') }} as as_of,
    facts.setting,
    facts.target,
    facts.event_date,
    facts.level,
    facts.failed,
    facts.upper_ms,
    facts.at_once,
    facts.n,
    facts.first_ms,
    facts.last_ms,
    facts.day_calls,
    targets.targets,
from facts
inner join targets
    on facts.setting = targets.setting
    and facts.target = targets.target
where targets.place <= {{ targets_kept() }}
