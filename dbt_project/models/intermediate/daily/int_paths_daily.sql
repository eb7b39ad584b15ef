with recursive nodes as (

    select
        event_id,
        event_date,
        landed_date,
        parent_id,
        intent,
        params,
        response_text,
        success,
        {{ only_reads() }} as reads,
        epoch_us(occurred_at) as from_us,
        epoch_us(occurred_at) + cast(1000 * duration_ms as bigint) as to_us,
    from {{ ref('int_interactions') }}
    where clock = 'real' and duration_ms <= {{ longest_step_ms() }}

),

-- the part of a step that lies within what it is a step of
steps as (

    select
        steps.* replace (greatest(steps.from_us, parents.from_us) as from_us, least(steps.to_us, parents.to_us) as to_us),
    from nodes as steps
    inner join nodes as parents
        on steps.parent_id = parents.event_id
        and steps.event_date = parents.event_date
        and steps.landed_date = parents.landed_date
    where least(steps.to_us, parents.to_us) > greatest(steps.from_us, parents.from_us)

),

-- backwards from the step that ends last to the one that ends last before it begins, and so on
walked as (

    select
        event_date,
        landed_date,
        parent_id,
        list_reduce(
            list(
                {'ids': [event_id], 'from_us': from_us, 'to_us': to_us, 'covered_us': to_us - from_us}
                order by to_us desc, from_us desc, event_id
            ),
            lambda path, step: case
                when step.to_us <= path.from_us
                    then {
                        'ids': list_concat(path.ids, step.ids),
                        'from_us': step.from_us,
                        'to_us': path.to_us,
                        'covered_us': path.covered_us + step.covered_us
                    }
                else path
            end
        ) as path,
    from steps
    group by event_date, landed_date, parent_id

),

chosen as (

    select event_date, landed_date, unnest(path.ids) as event_id
    from walked

),

requests as (

    select nodes.*
    from nodes
    semi join walked
        on nodes.event_id = walked.parent_id
        and nodes.event_date = walked.event_date
        and nodes.landed_date = walked.landed_date
    where nodes.parent_id is null

),

reached as (

    select
        event_id,
        event_date,
        landed_date,
        event_id as request_id,
        intent as request,
        '' as action,
        to_us - from_us as whole_us,
        true as on_path,
        0 as depth,
    from requests
    union all
    select
        steps.event_id,
        steps.event_date,
        steps.landed_date,
        reached.request_id,
        reached.request,
        coalesce(nullif(steps.intent, ''), '?') as action,
        steps.to_us - steps.from_us as whole_us,
        reached.on_path and chosen.event_id is not null as on_path,
        reached.depth + 1 as depth,
    from reached
    inner join steps
        on reached.event_id = steps.parent_id
        and reached.event_date = steps.event_date
        and reached.landed_date = steps.landed_date
    left join chosen
        on steps.event_id = chosen.event_id
        and steps.event_date = chosen.event_date
        and steps.landed_date = chosen.landed_date
    where reached.depth < {{ deepest_step() }}

),

-- what a step takes itself, without the steps of its own that it waits for
timed as (

    select
        reached.* exclude (whole_us),
        reached.whole_us,
        greatest(reached.whole_us - coalesce(walked.path.covered_us, 0), 0) / 1000.0 as own_ms,
    from reached
    left join walked
        on reached.event_id = walked.parent_id
        and reached.event_date = walked.event_date
        and reached.landed_date = walked.landed_date

),

frames as (

    select distinct event_date, landed_date, parent_id
    from steps

),

-- two steps of one request, one right after the other, neither of which has steps of its own
neighbours as (

    select
        steps.event_date,
        steps.landed_date,
        steps.parent_id,
        steps.event_id,
        row_number() over by_start as place,
        steps.intent as action,
        lead(steps.intent) over by_start as other,
        least(steps.to_us - steps.from_us, lead(steps.to_us - steps.from_us) over by_start) / 1000.0 as shorter_ms,
        steps.reads and lead(steps.reads) over by_start
            and steps.success and lead(steps.success) over by_start
            and steps.to_us <= lead(steps.from_us) over by_start
            and frames.parent_id is null and lead(frames.parent_id) over by_start is null as is_pair,
        case
            when steps.response_text is null or json_type(lead(steps.params) over by_start) <> 'OBJECT' then null
            else len(list_filter(
                {{ literals_of('lead(steps.params) over by_start') }},
                lambda literal: literal <> '' and contains(steps.response_text, literal)
            )) = 0
        end as is_free,
    from steps
    left join frames
        on steps.event_id = frames.parent_id
        and steps.event_date = frames.event_date
        and steps.landed_date = frames.landed_date
    window by_start as (
        partition by steps.event_date, steps.landed_date, steps.parent_id order by steps.from_us, steps.event_id
    )

),

-- of three in a row only two: whether the last one waits for the one before the middle was not looked at
pairs as (

    select
        *,
        is_free and row_number() over (
            partition by event_date, landed_date, parent_id, is_free, place - free_place order by place
        ) % 2 = 1 as is_saved,
    from (
        select
            *,
            row_number() over (partition by event_date, landed_date, parent_id, is_free order by place) as free_place,
        from neighbours
        where is_pair and action <> '' and other <> ''
    )

),

counted as (

    select
        event_date,
        landed_date,
        'request' as kind,
        '' as action,
        request as other,
        count(distinct request_id) as calls,
        count(distinct request_id) as runs,
        count(*) as timed,
        sum({{ exact('own_ms') }}) as duration_ms,
        sum({{ exact('own_ms') }}) filter (where on_path) as path_ms,
        {{ first_ids('request_id', 'depth = 0') }} as sample_event_ids,
    from timed
    group by event_date, landed_date, request
    union all by name
    select
        event_date,
        landed_date,
        'step' as kind,
        action,
        request as other,
        count(*) as calls,
        count_if(on_path) as good,
        count(distinct request_id) as runs,
        count(*) as timed,
        sum({{ exact('own_ms') }}) as duration_ms,
        sum({{ exact('own_ms') }}) filter (where on_path) as path_ms,
        {{ first_ids(condition='on_path') }} as sample_event_ids,
    from timed
    group by event_date, landed_date, request, action
    union all by name
    select
        event_date,
        landed_date,
        'pair' as kind,
        action,
        other,
        count(*) as calls,
        count_if(is_free) as good,
        count_if(not is_free) as bad,
        count_if(is_free is null) as unknown,
        count(distinct parent_id) filter (where is_saved) as runs,
        count_if(is_saved) as timed,
        sum({{ exact('shorter_ms') }}) filter (where is_saved) as duration_ms,
        {{ first_ids(condition='is_saved') }} as sample_event_ids,
    from pairs
    group by event_date, landed_date, action, other

)

select
    event_date,
    landed_date,
    kind,
    action,
    other,
    {%- for column in ['calls', 'good', 'bad', 'unknown', 'runs', 'timed'] %}
    cast(coalesce({{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    coalesce(duration_ms, 0) as duration_ms,
    coalesce(path_ms, 0) as path_ms,
    sample_event_ids,
from counted
