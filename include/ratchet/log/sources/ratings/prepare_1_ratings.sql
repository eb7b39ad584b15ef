-- Comparisons of two answers, and single ratings. docs/sources.md says in words what is read from where.
create or replace temp table rated_records as
with

opened as (
    select
        source_file,
        source_line,
        landed_date,
        record,
        log_value(coalesce(record -> '$.response1', record -> '$.response_1')) as first_answer,
        log_value(coalesce(record -> '$.response2', record -> '$.response_2')) as second_answer,
        list_filter(
            if(json_type(record) = 'OBJECT', json_keys(record), []),
            lambda name: regexp_full_match(lower(name), '(annotator|annotation|rater)_?[0-9]+')
        ) as raters,
        log_time(coalesce(record ->> '$.timestamp', record ->> '$.created_at')) as sent_at,
        string_split(coalesce(record ->> '$.cmp_key', ''), '_') as models,
        coalesce(record ->> '$.rater_id', record ->> '$.rater', record ->> '$.annotator') as rater_id,
    from raw
)

select
    *,
    first_answer is not null and second_answer is not null and len(raters) > 0 as is_comparison,
    not is_comparison and nullif(record ->> '$.interaction_id', '') is not null
    and coalesce(record ->> '$.rating', record ->> '$.score', record ->> '$.thumb', record ->> '$.comment') is not null
        as is_rating,
    -- the same comparison judged anew is the same two answers, whoever judges
    'ratings:' || md5(concat_ws(chr(31),
        coalesce(record ->> '$.instruction', ''), coalesce(record ->> '$.input', ''), cast(first_answer as varchar),
        cast(second_answer as varchar), coalesce(record ->> '$.cmp_key', ''), coalesce(record ->> '$.idx', '')
    )) as item_id,
    if(sent_at is null, 'synthetic', 'real') as clock,
    strftime(
        coalesce(sent_at, cast(landed_date as timestamp) + to_microseconds(source_line)), '%Y-%m-%dT%H:%M:%S.%fZ'
    ) as occurred_at,
from opened;
