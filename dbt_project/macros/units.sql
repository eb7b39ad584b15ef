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

{#-
    A unit as a number, so that sets of units stay small: 62 bits of a hash, and its kind in the last two.
    Two of a million units share one with probability 1e-7. NULL when there is no unit.
-#}
{% macro unit_key(unit='unit', unit_kind='unit_kind') -%}
    case
        when {{ unit }} is not null then
            (md5_number_lower({{ unit_kind }} || ':' || {{ unit }}) & 18446744073709551612::ubigint)
            | case {{ unit_kind }} when 'user' then 1 when 'session' then 2 else 3 end::ubigint
    end
{%- endmacro %}

{#-
    What the units of a group are called: by the weakest kind among them, from the largest of their codes. Of ten users
    and two sessions it says twelve sessions, which is true, since every user had one at least.
-#}
{% macro unit_kind_of(weakest) -%}
    case {{ weakest }} when 1 then 'user' when 2 then 'session' when 3 then 'trace' else 'none' end
{%- endmacro %}

{#- How many values a mask of units holds, one bit each. -#}
{% macro mask_bits() -%}
    {{ return(124) }}
{%- endmacro %}
