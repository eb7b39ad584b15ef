with calls as (

    select
        *,
        {{ path_template('path') }} as path_template,
        case when json_type(params) = 'OBJECT' then json_keys(params) else [] end as names,
        case when json_type(params) = 'OBJECT' then {{ sent_types('params') }} else [] end as typed,
    from {{ ref('stg_api_call') }}
    where {{ is_pending() }}

),

counted as (

    select
        event_date,
        landed_date,
        api,
        upper(method) as method,
        path_template,
        count(*) as calls,
        count(*) filter (
            where coalesce(status_code >= 400, false) or error_type is not null or error is not null
        ) as failures,
        list_slice(list_sort(list_distinct(flatten(list(names)))), 1, 50) as parameters,
        list_slice(list_sort(list_distinct(flatten(list(typed)))), 1, 100) as sent,
    from calls
    group by all

),

ranked as (

    select
        *,
        row_number() over (
            partition by event_date, landed_date, api order by calls desc, method, path_template
        ) as place,
    from counted

)

select
    event_date,
    landed_date,
    api,
    case when place <= 1000 then method else '' end as method,
    case when place <= 1000 then path_template else '' end as path_template,
    cast(sum(calls) as bigint) as calls,
    cast(sum(failures) as bigint) as failures,
    {{ merged('parameters', 'place <= 1000') }} as parameters,
    {{ merged('sent', 'place <= 1000') }} as sent,
from ranked
group by all
