{#
    How daily statistics become values within a time window that begins and ends in mid-day: whole days by their sums,
    the day of either end event by event. `events` is a list of {at, value, denominator}.
#}
{% macro is_inside(starts_at, ends_at) -%}
    event_date > cast({{ starts_at }} as date) and event_date < cast({{ ends_at }} as date)
{%- endmacro %}

{% macro is_at_an_end(starts_at, ends_at) -%}
    event_date in (cast({{ starts_at }} as date), cast({{ ends_at }} as date))
{%- endmacro %}

{#- The sum of a field of the events inside, over the columns that say which those are. -#}
{% macro inside_sum(window, total, field) -%}
    case when {{ window }}_inside then {{ total }}
        else coalesce(list_sum(list_transform({{ window }}_events, lambda event: {{ exact('event.' ~ field) }})), 0)
    end
{%- endmacro %}

{% macro inside_count(window, total, condition='true') -%}
    case when {{ window }}_inside then {{ total }}
        else coalesce(len(list_filter({{ window }}_events, lambda event: {{ condition }})), 0)
    end
{%- endmacro %}

{#-
    Sums of products of doubles that do not depend on the order of rows: values are counted in units of 1 / scale, a
    power of two chosen so that the largest of them needs 42 bits and the sum of their squares fits 128.
-#}
{% macro scale_of(value) -%}
    pow(2.0, 42 - ceil(log2(greatest(coalesce(max(abs({{ value }})), 0), 1e-12))))
{%- endmacro %}

{% macro scaled_sum(value, scale) -%}
    cast(coalesce(sum(cast(round(({{ value }}) * {{ scale }}) as hugeint)), 0) as double) / {{ scale }}
{%- endmacro %}
