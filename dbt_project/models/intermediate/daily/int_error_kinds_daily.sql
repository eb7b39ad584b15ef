with errors as (

    select * from {{ ref('int_errors') }}

)

select
    event_date,
    landed_date,
    error_key,
    error_type,
    message_template,
    min(left(message, 1000)) as sample_message,
    count(*) as occurrences,
from errors
group by all
