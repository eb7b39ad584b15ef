with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root'

),

measured as (

    select
        event_date,
        landed_date,
        event_id,
        occurred_at,
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
        'at': occurred_at,
        {%- for name, _ in request_measures() %}
        '{{ name }}': {{ name }},
        {%- endfor %}
    } order by occurred_at, event_id) as events,
from measured
where nullif(unit_id, '') is not null
group by all
