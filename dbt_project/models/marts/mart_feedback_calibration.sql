with matches as (

    select * from {{ ref('int_feedback_matches') }}
    where
        {{ has_landed() }} and {{ in_window(30, 'interaction_date') }}
        and level = 'root' and rater <> 'evaluator'

),

behaviours as (

    select * from {{ ref('int_request_behaviours') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

explicit as (

    select
        interaction_id,
        cast(sum({{ exact('score_10') }}) / count(*) as decimal(18, 6)) as score,
    from matches
    where kind <> 'behaviour' and score_10 is not null
    group by interaction_id

),

derived as (

    select
        event_id as interaction_id,
        unnest(list_filter([
            case when {{ is_rephrased() }} then 'rephrase_retry' end,
            case when {{ is_abandoned() }} then 'abandonment' end,
            case when {{ is_escalated() }} then 'escalation' end
        ], lambda signal: signal is not null)) as signal,
    from behaviours

),

signals as (

    select distinct
        interaction_id,
        false as is_derived,
        coalesce(action, '') as signal,
        score_10 as map_score,
    from matches
    where kind = 'behaviour'
    union all by name
    select distinct
        interaction_id,
        true as is_derived,
        signal,
        null as map_score,
    from derived

)

select
    {{ run_context('as_of') }} as as_of,
    signals.is_derived,
    signals.signal,
    cast(max(signals.map_score) as double) as map_score,
    count(*) as seen,
    count(explicit.score) as scored,
    cast(coalesce(sum({{ exact('explicit.score') }}), 0) as double) as score_sum,
    cast(coalesce(sum({{ exact('explicit.score * explicit.score') }}), 0) as double) as score_sumsq,
from signals
left join explicit on signals.interaction_id = explicit.interaction_id
group by signals.is_derived, signals.signal
