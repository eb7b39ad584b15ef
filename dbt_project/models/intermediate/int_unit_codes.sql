with daily as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}

),

used as (

    select
        combination_id,
        sum(requests) as requests,
    from daily
    group by combination_id

),

counted as (

    select
        combinations.level,
        cut.dimension,
        cut.value,
        sum(used.requests) as requests,
    from used
    inner join combinations on used.combination_id = combinations.combination_id
    cross join unnest({{ cuts() }}) as cuts (cut)
    group by all

),

numbered as (

    select
        level,
        dimension,
        value,
        cast(row_number() over (order by requests desc, level, dimension, value) - 1 as integer) as position,
    from counted

)

select
    position,
    level,
    dimension,
    value,
    position // {{ mask_bits() }} as chunk,
    1::uhugeint << (position % {{ mask_bits() }})::uhugeint as bit,
from numbered
