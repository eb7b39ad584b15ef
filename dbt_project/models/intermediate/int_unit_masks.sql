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

window_dates as (

    {{ window_dates(unit_windows()) }}

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
    window_dates.window_days,
    coded.chunk,
    daily.unit_key,
    bit_or(coded.mask) as active,
    bit_or(coded.mask) filter (where daily.failed) as failed,
from daily
inner join window_dates on daily.event_date = window_dates.event_date
inner join coded on daily.combination_id = coded.combination_id
group by window_dates.window_days, coded.chunk, daily.unit_key
