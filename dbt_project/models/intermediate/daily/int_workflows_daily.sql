with interactions as (

    select * from {{ ref('int_interactions') }}

),

parents as (

    select distinct event_date, landed_date, parent_id
    from interactions
    where parent_id is not null

),

-- what has steps of its own is their frame and no call; durations are believed by a real clock only
calls as (

    select
        interactions.event_id,
        interactions.event_date,
        interactions.landed_date,
        intent as action,
        occurred_at,
        success,
        cost_usd,
        case when clock = 'real' and duration_ms <= {{ longest_step_ms() }} then duration_ms end as duration_ms,
        clock = 'real' as is_timed,
        coalesce('s' || nullif(session_id, ''), 't' || nullif(trace_id, ''), 'p' || interactions.parent_id) as run,
        {{ only_reads() }} as reads,
        {{ arguments_of() }} as arguments,
        hash(coalesce(response_text, case when success = false then error end)) as answer,
        response_text is not null or coalesce(success = false and error is not null, false) as has_answer,
    from interactions
    anti join parents
        on interactions.event_id = parents.parent_id
        and interactions.event_date = parents.event_date
        and interactions.landed_date = parents.landed_date
    where level = 'step'

),

placed as (

    select
        *,
        row_number() over in_order as place,
        count_if(not reads) over in_order as writes,
        case when arguments is not null then hash(action, arguments, success, answer) end as state,
        lag(action) over in_order as action_before,
        coalesce(
            action = lag(action) over in_order
            and lag(success) over in_order = false
            and (not is_timed or occurred_at > lag(occurred_at) over in_order
                + to_microseconds(cast(1000 * coalesce(lag(duration_ms) over in_order, 0) as bigint))),
            false
        ) as tries_again,
    from calls
    window in_order as (partition by event_date, landed_date, run order by occurred_at, event_id)

),

followed as (

    select
        *,
        sum(case when tries_again then 0 else 1 end) over in_order as attempt,
        coalesce(
            state = lag(state, 2) over in_order
            and state <> lag(state) over in_order
            and (has_answer or lag(has_answer) over in_order),
            false
        ) as goes_round,
    from placed
    window in_order as (partition by event_date, landed_date, run order by place)

),

numbered as (

    select
        *,
        row_number() over (partition by event_date, landed_date, run, attempt order by place) - 1 as failed_before,
        place - row_number() over (partition by event_date, landed_date, run, goes_round order by place) as round,
    from followed

),

asked_before as (

    select
        *,
        lag(event_id) over again as first_id,
        lag(answer) over again as answer_before,
        lag(has_answer) over again as had_answer,
        lag(writes) over again as writes_before,
        epoch_ms(occurred_at) - epoch_ms(lag(occurred_at) over again) as age_ms,
    from placed
    where success and arguments is not null and action <> ''
    window again as (partition by event_date, landed_date, run, action, arguments order by place)

),

repeats as (

    select
        *,
        case
            when not reads or writes <> writes_before then 'written'
            when not (has_answer and had_answer) then 'unknown'
            when answer = answer_before then 'same'
            else 'other'
        end as verdict,
    from asked_before
    where first_id is not null

),

-- A, B, A, B: both for the second time at least, same arguments, same answers, of which one at least is known
cycles as (

    select
        event_date,
        landed_date,
        run,
        least(min(action), min(action_before)) as action,
        greatest(max(action), max(action_before)) as other,
        count(*) as calls,
        count(duration_ms) as timed,
        sum({{ exact('duration_ms') }}) as duration_ms,
        count(cost_usd) as costed,
        sum({{ exact('cost_usd') }}) as cost_usd,
        {{ first_ids() }} as ids,
    from numbered
    where goes_round and action <> '' and action_before <> ''
    group by event_date, landed_date, run, round
    having count(*) >= 2

),

counted as (

    select
        event_date,
        landed_date,
        'call' as kind,
        action,
        '' as other,
        0 as tries,
        count(*) as calls,
        count_if(success) as good,
        count_if(not success) as bad,
        count_if(success is null) as unknown,
        count(distinct run) as runs,
        count(duration_ms) as timed,
        sum({{ exact('duration_ms') }}) as duration_ms,
        count(cost_usd) as costed,
        sum({{ exact('cost_usd') }}) as cost_usd,
        []::varchar[] as sample_event_ids,
    from calls
    where action <> ''
    group by event_date, landed_date, action
    union all by name
    select
        event_date,
        landed_date,
        'repeat' as kind,
        action,
        '' as other,
        0 as tries,
        count(*) as calls,
        count_if(verdict = 'same') as good,
        count_if(verdict = 'other') as bad,
        count_if(verdict = 'unknown') as unknown,
        count(distinct run) filter (where verdict = 'same') as runs,
        count(duration_ms) filter (where verdict = 'same') as timed,
        sum({{ exact('duration_ms') }}) filter (where verdict = 'same') as duration_ms,
        count(cost_usd) filter (where verdict = 'same') as costed,
        sum({{ exact('cost_usd') }}) filter (where verdict = 'same') as cost_usd,
        max(age_ms) filter (where verdict = 'same' and is_timed) as longest_ms,
        {{ first_ids(condition="verdict = 'same'") }} as sample_event_ids,
    from repeats
    group by event_date, landed_date, action
    union all by name
    select
        event_date,
        landed_date,
        'try' as kind,
        action,
        '' as other,
        cast(least(failed_before, {{ tries_kept() }}) as integer) as tries,
        count(*) as calls,
        count_if(success) as good,
        count_if(not success) as bad,
        count_if(success is null) as unknown,
        count(distinct run) filter (where not success) as runs,
        count(duration_ms) as timed,
        sum({{ exact('duration_ms') }}) as duration_ms,
        count(cost_usd) as costed,
        sum({{ exact('cost_usd') }}) as cost_usd,
        {{ first_ids() }} as sample_event_ids,
    from numbered
    where failed_before > 0 and action <> ''
    group by event_date, landed_date, action, least(failed_before, {{ tries_kept() }})
    union all by name
    select
        event_date,
        landed_date,
        'cycle' as kind,
        action,
        other,
        0 as tries,
        sum(calls) as calls,
        count(*) as bad,
        count(distinct run) as runs,
        sum(timed) as timed,
        sum(duration_ms) as duration_ms,
        sum(costed) as costed,
        sum(cost_usd) as cost_usd,
        list_slice(list_sort(flatten(list(ids))), 1, {{ samples_kept() }}) as sample_event_ids,
    from cycles
    group by event_date, landed_date, action, other

)

select
    event_date,
    landed_date,
    kind,
    action,
    other,
    tries,
    {%- for column in workflow_sums() %}
    cast(coalesce({{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    coalesce(duration_ms, 0) as duration_ms,
    coalesce(cost_usd, 0) as cost_usd,
    cast(coalesce(longest_ms, 0) as bigint) as longest_ms,
    sample_event_ids,
from counted
