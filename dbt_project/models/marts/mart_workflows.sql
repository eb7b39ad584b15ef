with calls as (

    select
        *,
        0 as path_ms,
    from {{ ref('int_workflows_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

paths as (

    select
        *,
        0 as tries,
        0 as costed,
        0 as cost_usd,
        0 as longest_ms,
    from {{ ref('int_paths_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

together as (

    select * from calls
    union all by name
    select * from paths

)

select
    {{ run_context('as_of') }} as as_of,
    kind,
    action,
    other,
    cast(tries as integer) as tries,
    {%- for column in workflow_sums() %}
    {{ total(column) }} as {{ column }},
    {%- endfor %}
    cast(sum(duration_ms) as double) as duration_ms,
    cast(sum(path_ms) as double) as path_ms,
    cast(sum(cost_usd) as double) as cost_usd,
    cast(max(longest_ms) as bigint) as longest_ms,
    list_slice(list_sort(flatten(list(sample_event_ids))), 1, {{ samples_kept() }}) as sample_event_ids,
from together
group by kind, action, other, tries
qualify row_number() over (partition by kind order by sum(calls) desc, action, other, tries) <= 500
