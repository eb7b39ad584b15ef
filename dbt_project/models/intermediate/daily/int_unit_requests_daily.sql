with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root'

),

measured as (

    select
        event_date,
        landed_date,
        event_id,
        intent,
        -- a flag is asked for within a request, which counts from its end; but on the day on which it began
        case when clock = 'real' then least(
            occurred_at + to_microseconds(cast(round(1000 * coalesce(duration_ms, 0)) as bigint)),
            cast(event_date as timestamp) + to_microseconds(86399999999)
        ) else occurred_at end as ended_at,
        unnest([
            {'unit_type': 'user', 'unit_id': user_id},
            {'unit_type': 'session', 'unit_id': session_id},
        ], recursive := true),
        {%- for name, value in request_measures() %}
        cast({{ value }} as double) as {{ name }},
        {%- endfor %}
    from interactions

)

select
    event_date,
    landed_date,
    unit_type,
    unit_id,
    {%- for name, _ in request_measures() %}
    count({{ name }}) as {{ name }}_n,
    count(*) filter (where {{ name }} > 0) as {{ name }}_positives,
    coalesce(sum({{ exact(name) }}), 0) as {{ name }}_sum,
    {%- endfor %}
    list({
        'at': ended_at,
        {%- for name, _ in request_measures() %}
        '{{ name }}': {{ name }},
        {%- endfor %}
    } order by ended_at, event_id) as events,
    list_slice(
        list({'asked_at': ended_at, 'intent': intent, 'success': success = 1} order by ended_at, event_id), 1, 8
    ) as first_asked,
from measured
where nullif(unit_id, '') is not null
group by all
