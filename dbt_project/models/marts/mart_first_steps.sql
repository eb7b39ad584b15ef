with days as (

    select * from {{ ref('int_unit_requests_daily') }}
    where unit_type = 'user' and {{ has_landed() }}

),

-- who was not there for as long as key figures look back is new again
users as (

    select
        unit_id,
        min(event_date) as first_date,
    from days
    where {{ in_window(days_of_history()) }}
    group by unit_id
    having min(event_date) between {{ run_context('as_of') }} - 35 and {{ run_context('as_of') }} - 6

),

asked as (

    select
        users.unit_id,
        users.first_date,
        unnest(days.first_asked, recursive := true),
    from days
    inner join users on days.unit_id = users.unit_id and days.event_date between users.first_date and users.first_date + 6
    where {{ in_window(36, 'days.event_date') }}

),

compared as (

    select
        *,
        lag(intent) over (partition by unit_id order by asked_at, intent, success) is distinct from intent as is_other,
    from asked
    where intent <> ''

),

numbered as (

    select
        *,
        count_if(is_other) over (
            partition by unit_id order by asked_at, intent, success rows between unbounded preceding and current row
        ) as place,
    from compared

),

steps as (

    select
        unit_id,
        first_date,
        place,
        min(intent) as intent,
        case when bool_or(success) then true when bool_or(not success) then false end as succeeded,
    from numbered
    where place <= 4
    group by unit_id, first_date, place

),

walked as (

    select
        first_date,
        place,
        list(intent) over walk as path,
        bool_and(coalesce(succeeded, false)) over walk as all_succeeded,
        bool_or(coalesce(not succeeded, false)) over walk as any_failed,
        coalesce(not succeeded, false) as failed_here,
        lead(place) over (partition by unit_id order by place) is not null as went_on,
    from steps
    window walk as (partition by unit_id order by place rows between unbounded preceding and current row)

),

paths as (

    select * from walked
    where place <= 3
    union all by name
    select
        first_date,
        0 as place,
        []::varchar[] as path,
        false as all_succeeded,
        false as any_failed,
        false as failed_here,
        unit_id in (select unit_id from steps) as went_on,
    from users

)

select
    {{ run_context('as_of') }} as as_of,
    path,
    cast(len(path) as integer) as steps,
    count(*) as users,
    cast(count_if(all_succeeded) as bigint) as succeeded,
    cast(count_if(any_failed) as bigint) as failed,
    cast(count_if(went_on) as bigint) as went_on,
    cast(count_if(not went_on and failed_here) as bigint) as left_after_failure,
    cast(count_if(first_date < {{ run_context('history_start') }} + 7) as bigint) as from_the_start,
    min(first_date) as first_date,
    max(first_date) as last_date,
from paths
group by path
qualify
    count(*) >= 2 and row_number() over (partition by len(path) order by count(*) desc, path) <= 100
    or len(path) = 0
