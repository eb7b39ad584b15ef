{#-
    What makes two errors the same bug. The version counts every change of the masks, the keys or the frames (macros
    messages.sql and traces.sql): errors keep their old keys beside the new ones, and mart_fingerprints maps them.

    1: error type and message template
    2: error type and the innermost frames of the application, or the message template where no frame is known
-#}
{% macro fingerprint_version() -%}
    {{ return(2) }}
{%- endmacro %}

{% macro error_key(error_type='error_type', frames='frames', message_template='message_template') -%}
    left(md5({{ error_type }} || chr(31) || case when {{ frames }} <> '' then chr(30) || {{ frames }} else {{ message_template }} end), 12)
{%- endmacro %}

{#- The key of version 1. -#}
{% macro previous_error_key(error_type='error_type', message_template='message_template') -%}
    left(md5({{ error_type }} || chr(31) || {{ message_template }}), 12)
{%- endmacro %}

{#- So many messages that differ in one word only make that word a parameter. -#}
{% macro slot_values() -%}
    {{ return(10) }}
{%- endmacro %}

{#- Two messages of so many words, or so many frames, that differ in one of them are near enough to be one. -#}
{% macro near_words() -%}
    {{ return(10) }}
{%- endmacro %}

{#- What an error is called: its type and the first line of its message; a logged message goes without a type. -#}
{% macro error_title(error_type='error_type', message='sample_message') -%}
    {%- set line = "regexp_extract(coalesce(" ~ message ~ ", ''), '^[^\\r\\n]*')" -%}
    {%- set said = "case when length(" ~ line ~ ") > 100 then left(" ~ line ~ ", 97) || '...' else " ~ line ~ " end" -%}
    case
        when {{ error_type }} = 'Message' then {{ said }}
        when {{ line }} = '' then {{ error_type }}
        else {{ error_type }} || ': ' || {{ said }}
    end
{%- endmacro %}

{#- Where it happened: what was asked for, else the innermost frame of the application. -#}
{% macro error_culprit(transaction='transaction', frames='frames') -%}
    coalesce({{ transaction }}, nullif(split_part({{ frames }}, chr(10), 1), ''), '')
{%- endmacro %}

{#- The kinds of change that can bring an error, and how long before its first occurrence. -#}
{% macro change_kinds() -%}
    {{ return("('release', 'prompt', 'model', 'configuration', 'feature')") }}
{%- endmacro %}

{% macro change_reach_days() -%}
    {{ return(7) }}
{%- endmacro %}

{#- So many days with data and without the error, and it had gone: what comes after them is a return. -#}
{% macro quiet_days() -%}
    {{ return(7) }}
{%- endmacro %}

{#- How long an error hurts its unit at most, where no success follows. -#}
{% macro longest_impact_minutes() -%}
    30
{%- endmacro %}
