with errors as (

    select * from {{ ref('stg_error') }}
    where {{ is_pending() }}

),

messages as (

    select * from {{ ref('int_messages') }}

),

templated as (

    select
        errors.*,
        coalesce(messages.message_template, '') as message_template,
    from errors
    left join messages on errors.message = messages.message

)

select
    *,
    left(md5(error_type || chr(31) || message_template), 12) as error_key,
    {{ unit_key() }} as unit_key,
from templated
