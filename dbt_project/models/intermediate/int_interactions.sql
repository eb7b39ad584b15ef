with interactions as (

    select * from {{ ref('stg_interaction') }}
    where {{ is_pending() }}

),

named as (

    select
        * replace (coalesce(intent, '') as intent),
        case when parent_id is null then 'root' else 'step' end as level,
    from interactions

)

select
    *,
    {{ unit_key() }} as unit_key,
    {{ hash_of(combination_columns()) }} as combination_id,
    {{ hash_of(['clock', 'level'] + setting_dimensions()) }} as setting_id,
from named
