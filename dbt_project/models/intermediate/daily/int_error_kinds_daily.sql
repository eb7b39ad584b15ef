with errors as (

    select * from {{ ref('int_errors') }}

)

select
    landed_date,
    error_key,
    error_type,
    message_template,
    min(left(message, 1000)) as sample_message,
    count(*) as occurrences,
    min(event_date) as first_date,
    max(event_date) as last_date,
from errors
group by all
