with masks as (

    select * from {{ ref('int_unit_masks') }}

),

codes as (

    select * from {{ ref('int_unit_codes') }}

),

counted as (

    select
        codes.level,
        codes.dimension,
        codes.value,
        cast(masks.unit_key & 3 as integer) as unit_code,
        {%- for name, days in unit_windows() %}
        count(*) filter (where masks.{{ name }} & codes.bit <> 0) as {{ name }},
        count(*) filter (where masks.failed_{{ name }} & codes.bit <> 0) as failed_{{ name }},
        {%- endfor %}
    from masks
    inner join codes on masks.chunk = codes.chunk
    group by all

),

long as (

    {%- for name, days in unit_windows() %}
    select level, dimension, value, unit_code, cast({{ days }} as integer) as window_days, {{ name }} as units, failed_{{ name }} as failing_units
    from counted
    {% if not loop.last %}union{% endif %}
    {%- endfor %}

)

select
    level,
    dimension,
    value,
    window_days,
    cast(sum(units) as bigint) as units,
    cast(sum(failing_units) as bigint) as failing_units,
    {{ unit_kind_of('max(unit_code)') }} as unit_kind,
from long
where units > 0
group by all
