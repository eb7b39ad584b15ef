with daily as (

    select * from {{ ref('int_actions_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

counted as (

    select
        level,
        action,
        kind,
        parameter,
        value,
        {{ total('calls') }} as calls,
        {{ total('asked_again') }} as asked_again,
        {{ total('measured') }} as measured,
        list_distinct(flatten(list(units))) as members,
    from daily
    group by all

),

busiest as (

    select
        level,
        action,
    from counted
    where kind = 'action'
    qualify row_number() over (partition by level order by calls desc, action) <= 500

)

select
    {{ run_context('as_of') }} as as_of,
    level,
    action,
    kind,
    parameter,
    value,
    calls,
    asked_again,
    measured,
    len(members) as units,
    {{ unit_kind_of('list_max(list_transform(members, lambda unit: cast(unit & 3 as integer)))') }} as unit_kind,
from counted
semi join busiest on counted.level = busiest.level and counted.action = busiest.action
qualify
    kind = 'action'
    or len(members) >= 2 and row_number() over (
        partition by level, action, kind, parameter order by len(members) desc, calls desc, value
    ) <= 3
