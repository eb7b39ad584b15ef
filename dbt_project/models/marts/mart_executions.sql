with executions as (

    select * from {{ ref('int_executions_daily') }}
    where landed_date = {{ run_context('as_of') }} and {{ has_landed() }}

),

grains as (
    {% for grain, id in execution_grains().items() %}
    select
        '{{ grain }}' as grain,
        level,
        {{ id }} as id,
        {{ execution_sums() }}
    from executions
    group by all
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

)

select
    {{ run_context('as_of') }} as as_of,
    grain,
    level,
    id,
    {%- for column in execution_counts() %}
    {{ column }},
    {%- endfor %}
    {%- for column in execution_totals() %}
    cast({{ column }} as decimal(38, 12)) as {{ column }},
    {%- endfor %}
from grains
