{#-
    Whether a step is known to only read: by its type, or by a verb at the beginning of its name (or of the name's last
    part), with no word in it that says otherwise. Of any other it is not known, so that it may have written.
-#}
{% macro only_reads(action='intent', task_type='task_type') -%}
    (
        coalesce({{ task_type }} in ('llm_call', 'retrieval', 'embedding', 'evaluation'), false)
        or regexp_matches(
            {{ words_of_name(action) }},
            '^(.*[.:/])?(get|list|search|find|lookup|look_up|read|fetch|show|view|describe|retrieve|count|calculate|compute|think|browse|inspect|is|has)(_|$)'
        )
        and not regexp_matches(
            {{ words_of_name(action) }},
            '(^|[^a-z])(create|update|delete|set|add|remove|insert|write|send|save|book|cancel|modify|put|post|pop|next|acquire|claim|lock|mark|or|and|then)([^a-z]|$)'
        )
    )
{%- endmacro %}

{#- A name in lower case, its words apart whether they were written get_user, get-user or getUser. -#}
{% macro words_of_name(name) -%}
    lower(regexp_replace(regexp_replace({{ name }}, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '[ -]', '_', 'g'))
{%- endmacro %}

{#- The arguments of a call: an object's whatever the order of its keys, else the words it was asked with. -#}
{% macro arguments_of(params='params', request_text='request_text') -%}
    case
        when {{ params }} is null then case when {{ request_text }} is not null then hash({{ request_text }}) end
        when json_type({{ params }}) = 'OBJECT' and strlen({{ params }}) <= {{ params_read() }}
            then hash(coalesce(cast(list_sort(map_entries(from_json({{ params }}, '"MAP(VARCHAR, JSON)"'))) as varchar), {{ params }}))
        else hash({{ params }})
    end
{%- endmacro %}

{#- Texts and numbers that stand in an object as values, at any depth. -#}
{% macro literals_of(params) -%}
    list_concat(
        regexp_extract_all({{ params }}, '"([^"]*)"\s*[,}\]]', 1),
        regexp_extract_all({{ params }}, '[:,\[]\s*(-?[0-9][0-9.eE+-]*)\s*[,}\]]', 1)
    )
{%- endmacro %}

{#- What stands in a table that counts more than one thing and does not belong to this one. -#}
{% macro workflow_sums() -%}
    {{ return(['calls', 'good', 'bad', 'unknown', 'runs', 'timed', 'costed']) }}
{%- endmacro %}

{#- Steps and requests of one day are looked at: what claims to take longer is not believed. -#}
{% macro longest_step_ms() -%}
    {{ return(86400000) }}
{%- endmacro %}

{#- How many failures in a row are told apart, and how many sample ids are kept. -#}
{% macro tries_kept() -%}
    {{ return(10) }}
{%- endmacro %}

{% macro samples_kept() -%}
    {{ return(3) }}
{%- endmacro %}

{% macro first_ids(column='event_id', condition='true') -%}
    list_slice(list_sort(coalesce(list({{ column }}) filter (where {{ condition }}), [])), 1, {{ samples_kept() }})
{%- endmacro %}
