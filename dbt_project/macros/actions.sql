{#- What documentation reads of calls: objects of at most so many characters, so many parameters of one, so many values. -#}
{% macro params_read() -%}
    {{ return(20000) }}
{%- endmacro %}

{% macro parameters_kept() -%}
    {{ return(30) }}
{%- endmacro %}

{% macro values_kept() -%}
    {{ return(20) }}
{%- endmacro %}

{#- Users, and sessions where no user is logged; a trace is nobody, since one person has many. -#}
{% macro people(unit_key='unit_key') -%}
    list_sort(coalesce(list(distinct {{ unit_key }}) filter (where {{ unit_key }} & 3 in (1, 2)), []))
{%- endmacro %}

{% macro json_kind(value) -%}
    case coalesce(json_type({{ value }}), 'NULL')
        when 'VARCHAR' then 'string'
        when 'BOOLEAN' then 'boolean'
        when 'DOUBLE' then 'number'
        when 'OBJECT' then 'object'
        when 'ARRAY' then 'array'
        when 'NULL' then 'null'
        else 'integer'
    end
{%- endmacro %}
