with events as (

    select * from {{ source('bronze', 'validation') }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    clock,
    {{ unit_id() }} as unit,
    {{ unit_kind() }} as unit_kind,
    user_id,
    session_id,
    trace_id,
    service,
    release,
    environment,
    published_version,
    attributes,
    interaction_id,
    language,
    syntax_errors,
    style_issues,
    security_warnings,
    test_coverage,
    doc_score,
    overall_score,
    findings
from events
