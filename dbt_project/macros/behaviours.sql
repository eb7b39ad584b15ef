{#-
    What people did after an answer, read from facts of int_request_behaviours. The thresholds are settings, so they
    are applied here and not kept: another setting needs no day built again.
-#}
{% macro is_rephrased() -%}
    coalesce(
        next_gap_s <= {{ run_context('rephrase_window_s') }} and next_similarity >= {{ run_context('rephrase_similarity') }},
        false
    )
{%- endmacro %}

{% macro is_abandoned() -%}
    (success is false and can_follow and next_intent is null)
{%- endmacro %}

{% macro is_escalated() -%}
    list_has_any(list_append(reached, next_intent), {{ run_context('escalation_intents') }})
{%- endmacro %}

{#- Requests by what their unit did next: column, condition. -#}
{% macro behaviour_counts() -%}
    {{ return([
        ('comparable', 'can_follow and has_text'),
        ('rephrased', 'can_follow and has_text and ' ~ is_rephrased()),
        ('followed_failures', 'can_follow and success is false'),
        ('abandoned', is_abandoned()),
        ('escalated', is_escalated()),
    ]) }}
{%- endmacro %}

{#- How soon a request must follow for its words to be compared; no longer a `rephrase_window_s` is accepted. -#}
{% macro followed_within_s() -%}
    {{ return(600) }}
{%- endmacro %}

{#- From which similarity on the words are kept, so that they can be shown; no lower a `rephrase_similarity` is accepted. -#}
{% macro least_similarity() -%}
    {{ return(0.5) }}
{%- endmacro %}

{#- How far two requests say the same: by their words in any order, or by their letters; the higher of both. -#}
{% macro similarity(one, other) -%}
    greatest(
        2.0 * len(list_intersect({{ words_of(one) }}, {{ words_of(other) }}))
            / (len({{ words_of(one) }}) + len({{ words_of(other) }})),
        1.0 - levenshtein({{ one }}, {{ other }}) / greatest(length({{ one }}), length({{ other }}))
    )
{%- endmacro %}

{% macro words_of(said) -%}
    list_distinct(string_split({{ said }}, ' '))
{%- endmacro %}

{#-
    Retention is told of users whose first day is long enough past for the week that counts to be over, and lies at
    least 14 days after the history began: before that everybody looks new.
-#}
{% macro is_cohort(after) -%}
    age between {{ after + 6 }} and {{ after + 19 }}
    and {{ run_context('as_of') }} - {{ run_context('history_start') }} - age >= 14
{%- endmacro %}

{#- Whether a user was there on one of the seven days that begin so many days after the first. -#}
{% macro came_back(after) -%}
    days & (127::ubigint << greatest(age - {{ after + 6 }}, 0)::ubigint) <> 0
{%- endmacro %}
