with masks as (

    select * from {{ ref('int_unit_masks') }}

),

codes as (

    select * from {{ ref('int_unit_codes') }}

),

summed as (

    select
        window_days,
        chunk,
        cast(unit_key & 3 as integer) as unit_code,
        [
            {%- for bit in range(mask_bits()) %}
            count_if(active & (1::uhugeint << {{ bit }}) <> 0),
            {%- endfor %}
        ] as units,
        [
            {%- for bit in range(mask_bits()) %}
            count_if(failed & (1::uhugeint << {{ bit }}) <> 0),
            {%- endfor %}
        ] as failing_units,
    from masks
    group by window_days, chunk, unit_code

),

counted as (

    select
        window_days,
        unit_code,
        chunk * {{ mask_bits() }} + unnest(range({{ mask_bits() }})) as position,
        unnest(units) as units,
        unnest(failing_units) as failing_units,
    from summed

)

select
    codes.level,
    codes.dimension,
    codes.value,
    counted.window_days,
    {{ total('counted.units') }} as units,
    {{ total('counted.failing_units') }} as failing_units,
    {{ unit_kind_of('max(counted.unit_code)') }} as unit_kind,
from counted
inner join codes on counted.position = codes.position
where counted.units > 0
group by codes.level, codes.dimension, codes.value, counted.window_days
