with errors as (

    select * from {{ ref('int_errors') }}

)

select
    event_date,
    landed_date,
    error_key,
    error_type,
    message_template,
    frames,
    min(sample_message) as sample_message,
    min(culprit) as culprit,
    count(*) as occurrences,
    min(occurred_at) filter (where clock = 'real') as first_at,
    min({'occurred_at': occurred_at, 'service': service, 'release': release}) filter (where clock = 'real') as first_seen_in,
from errors
group by all
