{#- What an execution was made with and for; everything that agents, models and configurations are compared by. -#}
{% macro execution_dimensions() -%}
    {{ return([
        'intent', 'agent', 'agent_tier', 'task_type', 'language', 'model', 'config_hash', 'prompt_id', 'prompt_version',
    ]) }}
{%- endmacro %}

{#- What is counted of an execution. -#}
{% macro execution_counts() -%}
    {{ return([
        'requests', 'successes', 'failures', 'unknown', 'timed_out', 'duration_n', 'token_n', 'tokens', 'cost_n',
        'quality_n', 'errors', 'feedback', 'scored', 'low', 'validations', 'syntax_n', 'syntax_errors', 'style_n',
        'style_issues', 'security_n', 'security_warnings', 'flawed', 'coverage_n', 'doc_n', 'validator_n',
    ]) }}
{%- endmacro %}

{#- What is measured of it: sums that are exact; of a validation that says nothing of a thing, nothing is added. -#}
{% macro execution_totals() -%}
    {{ return([
        'duration_ms', 'duration_ln', 'duration_ln_sq', 'cost_usd', 'cost_sq', 'quality_sum', 'quality_sq', 'score_sum',
        'score_sq', 'coverage_sum', 'doc_sum', 'validator_sum',
    ]) }}
{%- endmacro %}

{% macro execution_sums(alias='') -%}
    {%- for column in execution_counts() %}
    {{ total(alias ~ column) }} as {{ column }},
    {%- endfor %}
    {%- for column in execution_totals() %}
    coalesce(sum({{ exact(alias ~ column) }}), 0) as {{ column }},
    {%- endfor %}
{%- endmacro %}

{#- Of a duration the logarithm counts too: its mean does not hang on the few slowest. -#}
{% macro log_of(column) -%}
    ln(greatest({{ column }}, 0.001))
{%- endmacro %}

{#- The grains that executions are added up to, and what names one row of each; '' where none was logged. -#}
{% macro execution_grains() -%}
    {{ return({
        'execution': 'interaction_id', 'session': "coalesce(session_id, '')", 'user': "coalesce(user_id, '')",
        'system': "''",
    }) }}
{%- endmacro %}

{#- All counts of a grain as one number, to compare grains by. -#}
{% macro whole_of(grain) -%}
    (sum({{ (execution_counts() + execution_totals()) | join(' + ') }}) filter (where grain = '{{ grain }}'))
{%- endmacro %}

{#- The text of what users asked of a prompt, which alone is kept for cases. -#}
{% macro case_text(alias='') -%}
    case when {{ alias }}level = 'root' and {{ alias }}prompt_id is not null then left({{ alias }}request_text, 500) end
{%- endmacro %}

{#- What was found wrong with an execution, in the words of prompt refinements; '' where nothing was. -#}
{% macro execution_faults() -%}
    concat_ws(', ',
        case when failures > 0 then 'failed' end,
        case when flawed > 0 then 'flawed' end,
        case when coverage_n > 0 and coverage_sum < 0.5 * coverage_n then 'untested' end,
        case when doc_n > 0 and doc_sum < 50 * doc_n then 'undocumented' end,
        case when low > 0 then 'dissatisfying' end
    )
{%- endmacro %}

{% macro cases_kept() -%}
    {{ return(10) }}
{%- endmacro %}

{#- Cases drawn by the hash of their ids, as JSON, so that the same ones are drawn however often. -#}
{% macro drawn_cases(condition) -%}
    coalesce(
        min(
            cast(to_json({
                'drawn': md5(interaction_id), 'unit': coalesce(user_id, session_id, ''), 'interaction_id': interaction_id,
                'faults': faults, 'request_text': request_text
            }) as varchar),
            {{ cases_kept() }}
        ) filter (where request_text <> '' and {{ condition }}),
        []
    )
{%- endmacro %}
