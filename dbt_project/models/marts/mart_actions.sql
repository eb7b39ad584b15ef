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
        {{ total('measured') }} as measured,
        list_distinct(flatten(list(units))) as members,
    from daily
    group by all

),

behaviours as (

    select
        'root' as level,
        'action' as kind,
        intent as action,
        {%- for column, condition in behaviour_counts() if column in ('comparable', 'rephrased') %}
        count(*) filter (where {{ condition }}) as {{ column }},
        {%- endfor %}
    from {{ ref('int_request_behaviours') }}
    where {{ has_landed() }} and {{ in_window(30) }}
    group by intent

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
    counted.level,
    counted.action,
    counted.kind,
    counted.parameter,
    counted.value,
    counted.calls,
    coalesce(behaviours.comparable, 0) as comparable,
    coalesce(behaviours.rephrased, 0) as asked_again,
    counted.measured,
    len(counted.members) as units,
    {{ unit_kind_of('list_max(list_transform(counted.members, lambda unit: cast(unit & 3 as integer)))') }} as unit_kind,
from counted
semi join busiest on counted.level = busiest.level and counted.action = busiest.action
left join behaviours
    on counted.level = behaviours.level and counted.kind = behaviours.kind and counted.action = behaviours.action
qualify
    counted.kind = 'action'
    or len(counted.members) >= 2 and row_number() over (
        partition by counted.level, counted.action, counted.kind, counted.parameter
        order by len(counted.members) desc, counted.calls desc, counted.value
    ) <= 3
