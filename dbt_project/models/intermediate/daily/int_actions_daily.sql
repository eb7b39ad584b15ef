with interactions as (

    select
        event_id,
        event_date,
        landed_date,
        level,
        intent,
        unit_key,
        case when success and json_type(params) = 'OBJECT' and strlen(params) <= {{ params_read() }} then params end as params,
    from {{ ref('int_interactions') }}
    where intent <> ''

),

arguments as (

    select
        event_id,
        event_date,
        landed_date,
        level,
        intent,
        unit_key,
        unnest(list_slice(map_entries(from_json(params, '"MAP(VARCHAR, JSON)"')), 1, {{ parameters_kept() }})) as argument,
    from interactions
    where params is not null

),

typed as (

    select
        * exclude (argument),
        left(argument.key, 100) as parameter,
        {{ json_kind('argument.value') }} as kind_of_value,
        cast(argument.value as varchar) as value,
    from arguments

),

shapes as (

    select
        event_date,
        landed_date,
        level,
        intent,
        unit_key,
        string_agg(parameter || ': ' || kind_of_value, chr(10) order by parameter, kind_of_value) as value,
    from typed
    group by event_id, event_date, landed_date, level, intent, unit_key

),

counted as (

    select
        event_date,
        landed_date,
        level,
        intent,
        'action' as kind,
        '' as parameter,
        '' as value,
        count(*) as calls,
        count(params) as measured,
        []::ubigint[] as units,
    from interactions
    group by all
    union all by name
    select
        event_date,
        landed_date,
        level,
        intent,
        'shape' as kind,
        '' as parameter,
        value,
        count(*) as calls,
        {{ people() }} as units,
    from shapes
    group by all
    union all by name
    select
        event_date,
        landed_date,
        level,
        intent,
        'value' as kind,
        parameter,
        value,
        count(*) as calls,
        {{ people() }} as units,
    from typed
    where kind_of_value in ('string', 'integer', 'number', 'boolean') and strlen(value) <= 60
    group by all

)

select
    event_date,
    landed_date,
    level,
    intent as action,
    kind,
    parameter,
    value,
    calls,
    coalesce(measured, 0) as measured,
    units,
from counted
qualify
    kind = 'action'
    or row_number() over (
        partition by event_date, landed_date, level, intent, kind, parameter order by len(units) desc, calls desc, value
    ) <= {{ values_kept() }}
