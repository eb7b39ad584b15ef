with daily as (

    select * from {{ ref('int_interaction_units_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}

),

codes as (

    select * from {{ ref('int_unit_codes') }}

),

cut as (

    select
        combination_id,
        level,
        cut.dimension,
        cut.value,
    from combinations
    cross join unnest({{ cuts() }}) as cuts (cut)

),

coded as (

    select
        cut.combination_id,
        codes.chunk,
        bit_or(codes.bit) as mask,
    from cut
    inner join codes
        on cut.level = codes.level and cut.dimension = codes.dimension and cut.value = codes.value
    group by cut.combination_id, codes.chunk

)

select
    coded.chunk,
    daily.unit_key,
    {%- for name, days in unit_windows() %}
    bit_or(case when {{ in_window(days, 'daily.event_date') }} then coded.mask else 0 end) as {{ name }},
    bit_or(case when daily.failed and {{ in_window(days, 'daily.event_date') }} then coded.mask else 0 end) as failed_{{ name }},
    {%- endfor %}
from daily
inner join coded on daily.combination_id = coded.combination_id
group by coded.chunk, daily.unit_key
