with sessions as (

    select * from {{ ref('int_sessions_daily') }}
    where {{ has_landed() }} and {{ in_window(7) }}

)

select
    {{ run_context('as_of') }} as as_of,
    actions,
    cast(sum(sessions) as bigint) as sessions,
from sessions
group by actions
