with groups as (

    select * from {{ ref('int_error_groups') }}

),

kinds as (

    select * from {{ ref('int_error_kinds_daily') }}
    where {{ has_landed() }} and {{ in_window(35) }}

),

keyed as (

    select
        error_key,
        {{ previous_error_key() }} as previous_fingerprint,
        sum(occurrences) as occurrences,
    from kinds
    group by all

)

select
    {{ run_context('as_of') }} as as_of,
    keyed.error_key,
    keyed.previous_fingerprint,
    groups.fingerprint,
    {{ fingerprint_version() }} as fingerprint_version,
    groups.grouped_by,
    cast(keyed.occurrences as bigint) as occurrences,
from keyed
inner join groups on keyed.error_key = groups.error_key
