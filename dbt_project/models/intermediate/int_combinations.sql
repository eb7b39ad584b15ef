with interactions as (

    select * from {{ ref('int_interactions') }}

)

select distinct
    combination_id,
    setting_id,
    {{ combination_columns() | join(',\n    ') }},
from interactions
{% if is_incremental() -%}
where combination_id not in (select combination_id from {{ this }})
{%- endif %}
