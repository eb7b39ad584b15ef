with interactions as (

    select * from {{ ref('int_interactions') }}

),

matches as (

    select * from {{ ref('int_feedback_matches') }}
    where {{ is_pending() }} and score_10 is not null and rater <> 'evaluator'

),

combinations as (

    select * from {{ ref('int_combinations') }}

),

measured as (
    {% for measure, value in histogram_measures().items() %}
    select
        event_date,
        landed_date,
        combination_id,
        '{{ measure }}' as measure,
        {{ bucket_of(value) }} as bucket,
        count(*) as n,
    from interactions
    where {{ value }} is not null
    group by all
    union all
    {%- endfor %}
    select
        interaction_date as event_date,
        landed_date,
        combination_id,
        'satisfaction' as measure,
        {{ bucket_of('score_10') }} as bucket,
        count(*) as n,
    from matches
    group by all

)

select
    measured.event_date,
    measured.landed_date,
    measured.measure,
    combinations.level,
    cut.dimension,
    cut.value,
    measured.bucket,
    cast(sum(measured.n) as bigint) as n,
from measured
inner join combinations on measured.combination_id = combinations.combination_id
cross join unnest({{ cuts() }}) as cuts (cut)
group by all
