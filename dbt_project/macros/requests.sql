{#- One text for everything that is the same but for case, digits, punctuation at its ends and spaces. -#}
{% macro same_text(column) -%}
    trim(regexp_replace(regexp_replace(lower(left({{ column }}, 500)), '[0-9]+', '0', 'g'), '[\s]+', ' ', 'g'), ' .,;:!?"''')
{%- endmacro %}

{#- An answer that says no, and one that says that something broke or was not understood. -#}
{% macro refuses(column) -%}
    regexp_matches({{ column }}, '(?i)\b(i|we)(''m| am| are|''re)? ?(cannot|can''t|can not|could not|couldn''t|unable to|not able to|do not support|don''t support)\b|\b(is|are) not (supported|possible|available)\b|\bthere is no .{1,60} (that|which|to) (i|we)\b|\bnot something (i|we) can\b')
{%- endmacro %}

{% macro falls_back(column) -%}
    regexp_matches({{ column }}, '(?i)\bsomething went wrong\b|\b(please )?try again( later)?\b|\b(did not|didn''t|do not|don''t) understand\b|\b(could|can) you (please )?(rephrase|repeat)\b')
{%- endmacro %}

{#- What an error says that stands for a missing capability; analyze/gaps.py looks for the same words. -#}
{% macro is_unsupported(column) -%}
    regexp_matches({{ column }}, '(?i)not supported|unsupported|not implemented|not available|not registered|unknown tool|unknown function|no such tool|no tool named|tool not found|toolnotfound|function not found')
{%- endmacro %}
