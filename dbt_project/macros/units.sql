{#- Where a count of people is wanted, the unit is the first of user, session and trace that is there. -#}
{% macro unit_id() -%}
    coalesce(nullif(user_id, ''), nullif(session_id, ''), nullif(trace_id, ''))
{%- endmacro %}

{% macro unit_kind() -%}
    case
        when nullif(user_id, '') is not null then 'user'
        when nullif(session_id, '') is not null then 'session'
        when nullif(trace_id, '') is not null then 'trace'
        else 'none'
    end
{%- endmacro %}
