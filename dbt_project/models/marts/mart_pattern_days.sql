with requests as (

    select * from {{ ref('int_requests_daily') }}
    where {{ has_landed() }} and {{ in_window(pattern_days()) }}

),

signs as (

    select * from {{ ref('int_pattern_matches_daily') }}
    where {{ has_landed() }} and {{ in_window(pattern_days()) }}

),

named as (

    select
        event_date,
        unnest([
            {'kind': 'all', 'name': '', 'n': requests},
            {'kind': 'intent', 'name': intent, 'n': requests},
            {'kind': 'failed intent', 'name': intent, 'n': failures},
        ], recursive := true),
    from requests
    union all by name
    select
        event_date,
        'learning pattern' as kind,
        indicator as name,
        texts as n,
    from signs

),

counted as (

    select
        kind,
        name,
        event_date,
        sum(n) as n,
    from named
    where n > 0 and (name <> '' or kind = 'all')
    group by all

),

sizes as (

    select
        kind,
        name,
        sum(n) as whole,
        coalesce(sum(n) filter (where {{ in_window(7) }}), 0) as recent,
    from counted
    group by kind, name

),

places as (

    select
        kind,
        name,
        row_number() over (partition by kind order by whole desc, name) as by_whole,
        row_number() over (partition by kind order by recent desc, name) as by_recent,
    from sizes

)

select
    {{ run_context('as_of') }} as as_of,
    counted.kind,
    counted.name,
    counted.event_date,
    cast(counted.n as bigint) as n,
from counted
inner join places on counted.kind = places.kind and counted.name = places.name
where least(places.by_whole, places.by_recent) <= {{ patterns_kept() }}
