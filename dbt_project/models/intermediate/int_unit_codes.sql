with daily as (

    select * from {{ ref('int_interactions_daily') }}
    where {{ has_landed() }} and {{ in_window(longest_window()) }}

),

combinations as (

    select * from {{ ref('int_combinations') }}

),

used as (

    select
        combinations.*,
        daily.requests,
    from daily
    inner join combinations on daily.combination_id = combinations.combination_id

),

counted as (

    select
        level,
        cut.dimension,
        cut.value,
        cut.dimension = 'intent' as is_intent,
        sum(requests) as requests,
    from used
    cross join unnest({{ cuts() }}) as cuts (cut)
    group by all

),

numbered as (

    select
        level,
        dimension,
        value,
        is_intent,
        row_number() over (partition by is_intent order by requests desc, level, dimension, value) - 1 as position,
    from counted

)

select
    level,
    dimension,
    value,
    cast(2 * (position // 62) + is_intent::integer as integer) as chunk,
    1::ubigint << (position % 62)::ubigint as bit,
from numbered
