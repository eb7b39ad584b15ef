with told as (

    {{ run_table('improvements') }}

)

select
    {{ run_context('as_of') }} as as_of,
    improvement_id,
    revision,
    type,
    title,
    verdict,
    first_seen,
    proposed_on,
    validated_on,
    approved_on,
    deployed_on,
    judged_on,
    is_automatic,
    predicted_effect,
    realised_effect,
    cost,
from told
