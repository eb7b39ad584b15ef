with daily as (

    select * from {{ ref('int_error_kinds_daily') }}
    where {{ has_landed() }} and event_date <= {{ run_context('as_of') }}

),

kinds as (

    select
        error_key,
        min(error_type) as error_type,
        min(message_template) as message_template,
        min(frames) as frames,
        min(event_date) as first_seen,
    from daily
    group by error_key

),

worded as (

    select
        *,
        case when frames = '' then string_split(message_template, ' ') else string_split(frames, chr(10)) end as parts,
        case when frames = '' then '' else message_template end as said,
    from kinds

),

blanked as (

    select
        error_key,
        error_type,
        frames <> '' as has_frames,
        first_seen,
        said,
        len(parts) as length,
        case
            when frames = '' then array_to_string(parts[:place - 1] || ['<*>'] || parts[place + 1:], ' ')
            else array_to_string(parts[:place - 1] || ['<*>'] || parts[place + 1:], chr(10))
        end as pattern,
    from worded
    inner join range(1, 61) as places (place) on places.place <= len(parts)
    where len(parts) between 3 and 60

),

blocks as (

    select
        *,
        count(*) over (partition by error_type, has_frames, said, pattern) as members,
    from blanked

),

slots as (

    select
        error_key,
        error_type,
        arg_min(pattern, (-members, pattern)) as message_template,
    from blocks
    where not has_frames and length >= 4 and members >= {{ slot_values() }}
    group by error_key, error_type

),

near as (

    select
        error_key,
        sum(members - 1) as neighbours,
        min((error_type, said, pattern)) filter (where members = 2) as block,
    from blocks
    where members > 1 and length >= case when has_frames then {{ frames_kept() }} else {{ near_words() }} end
    group by error_key
    having sum(members - 1) = 1

),

pairs as (

    select
        block,
        count(*) as members,
        arg_min(kinds.error_key, (kinds.first_seen, kinds.error_key)) as fingerprint,
    from near
    inner join kinds on near.error_key = kinds.error_key
    where near.error_key not in (select error_key from slots)
    group by block
    having count(*) = 2

)

select
    kinds.error_key,
    case
        when slots.error_key is not null then
            {{ error_key('slots.error_type', "''", 'slots.message_template') }}
        else coalesce(pairs.fingerprint, kinds.error_key)
    end as fingerprint,
    case
        when slots.error_key is not null then 'template'
        when pairs.fingerprint is not null then 'near'
        else 'same'
    end as grouped_by,
    kinds.error_type,
    coalesce(slots.message_template, kinds.message_template) as message_template,
    kinds.frames,
from kinds
left join slots on kinds.error_key = slots.error_key
left join near on kinds.error_key = near.error_key and slots.error_key is null
left join pairs on near.block = pairs.block
