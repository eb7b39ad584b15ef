-- What drift compares of one landing day: a sample of what users asked, and one of the scores they gave.
-- Which rows are drawn depends on their ids alone, so the sample of a day never changes with the night that draws it.
with interactions as (

    select
        'interaction' as record,
        row_number() over (order by md5(event_id), event_id) as position,
        case when clock = 'real' then duration_ms end as duration_ms,
        input_tokens,
        output_tokens,
        cost_usd,
        quality_score,
        nullif(left(intent, 80), '') as intent,
        nullif(left(model, 80), '') as model,
        nullif(left(agent, 80), '') as agent,
        case success when true then 'success' when false then 'failure' else 'unknown' end as success,
        nullif(trim(left(split_part(error, ':', 1), 80)), '') as error_kind,
        null as score
    from {interaction}
    where landed_date = date '{day}' and parent_id is null

),

scores as (

    select
        event_id,
        case kind
            when 'rating' then 2.5 * (rating - 1)
            when 'thumb' then case thumb when 'up' then 10 when 'down' then 0 end
            when 'score' then
                case when score_max > score_min and score between score_min and score_max
                    then 10 * (score - score_min) / (score_max - score_min) end
            when 'behaviour' then
                case action
                    when 'immediate_retry' then 2
                    when 'edited_output' then 6
                    when 'used_as_is' then 9
                    when 'saved_to_favorites' then 10
                    when 'deleted_immediately' then 1
                    when 'shared_with_team' then 10
                end
        end as score
    from {feedback}
    where landed_date = date '{day}'

),

feedback as (

    select
        'feedback' as record,
        row_number() over (order by md5(event_id), event_id) as position,
        score
    from scores
    where score is not null

)

select * from interactions where position <= {rows}
union all by name
select * from feedback where position <= {rows}
order by record, position
