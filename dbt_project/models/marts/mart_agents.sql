with daily as (

    select * from {{ ref('int_agents_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

added as (

    select
        level,
        {%- for column in execution_dimensions() %}
        coalesce({{ column }}, '') as {{ column }},
        {%- endfor %}
        coalesce(error_kind, '') as error_kind,
        coalesce(min(sample_error), '') as sample_error,
        {%- for column in ['failing_cases', 'passing_cases'] %}
        list_slice(list_sort(flatten(coalesce(list({{ column }}) filter (where {{ column }} is not null), []))), 1, {{ cases_kept() }}) as {{ column }},
        {%- endfor %}
        {{ execution_sums() }}
    from daily
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    level,
    {{ execution_dimensions() | join(',\n    ') }},
    error_kind,
    sample_error,
    failing_cases,
    passing_cases,
    {%- for column in execution_counts() %}
    {{ column }},
    {%- endfor %}
    {%- for column in execution_totals() %}
    cast({{ column }} as double) as {{ column }},
    {%- endfor %}
from added
