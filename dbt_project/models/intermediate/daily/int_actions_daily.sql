with interactions as (

    select
        event_id,
        event_date,
        landed_date,
        level,
        intent,
        unit_key,
        request_text,
        coalesce(success, false) as succeeded,
        case when success and json_type(params) = 'OBJECT' and strlen(params) <= {{ params_read() }} then params end as params,
        occurred_at,
    from {{ ref('int_interactions') }}
    where intent <> ''

),

followed as (

    select
        *,
        coalesce(
            level = 'root'
            and occurred_at <= lag(occurred_at) over asked + to_seconds({{ asked_again_within_s() }})
            and {{ alike('request_text', 'lag(request_text) over asked') }},
            false
        ) as asked_again,
    from interactions
    window asked as (partition by level, intent, unit_key order by occurred_at, event_id)

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
        count_if(asked_again) as asked_again,
        count(params) as measured,
        []::ubigint[] as units,
    from followed
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
    cast(coalesce(asked_again, 0) as bigint) as asked_again,
    coalesce(measured, 0) as measured,
    units,
from counted
qualify
    kind = 'action'
    or row_number() over (
        partition by event_date, landed_date, level, intent, kind, parameter order by len(units) desc, calls desc, value
    ) <= {{ values_kept() }}
