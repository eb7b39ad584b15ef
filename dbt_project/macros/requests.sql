{#- One text for everything that is the same but for case, digits, punctuation at its ends and spaces. -#}
{% macro same_text(column) -%}
    trim(regexp_replace(regexp_replace(lower(left({{ column }}, 500)), '[0-9]+', '0', 'g'), '[\s]+', ' ', 'g'), ' .,;:!?"''')
{%- endmacro %}

{#-
    Whether an answer says no, or that something broke or was not understood: by the phrases of
    include/config/answer_phrases.yaml, told by ratchet.marts; without them (dbt by hand) no answer does.
-#}
{% macro refuses(column) -%}
    {{ says(column, 'refuses') }}
{%- endmacro %}

{% macro falls_back(column) -%}
    {{ says(column, 'falls_back') }}
{%- endmacro %}

{% macro says(column, what) -%}
    {%- set phrases = fromjson(env_var('RATCHET_ANSWER_PHRASES', '{}')) -%}
    {{ shows(column, phrases[what]) if what in phrases else 'false' }}
{%- endmacro %}

{#- What an error says that stands for a missing capability; analyze/gaps.py looks for the same words. -#}
{% macro is_unsupported(column) -%}
    regexp_matches({{ column }}, '(?i)not supported|unsupported|not implemented|not available|not registered|unknown tool|unknown function|no such tool|no tool named|tool not found|toolnotfound|function not found')
{%- endmacro %}
