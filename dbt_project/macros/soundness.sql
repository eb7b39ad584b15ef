{#
    Everything that must hold for the rows a build has just made, in one query: the key names one row, closed sets hold,
    conditions hold. `rows` says which those are: tonight's of a mart, those of the pending landing days of a daily
    statistic, or all. Columns that are never null are part of a mart's contract. One row per rule: how often it broke.
#}
{% macro soundness(model, key, rows='tonight', accepted={}, holds={}) %}

    with fresh as (

        select * from {{ model }}
        {%- if rows == 'tonight' %}
        where as_of = {{ run_context('as_of') }}
        {%- elif rows == 'pending' %}
        where {{ is_pending() }}
        {%- endif %}

    ),

    repeated as (

        select {{ key | join(', ') }}
        from fresh
        group by {{ key | join(', ') }}
        having count(*) > 1

    )

    select 'the key is unique' as rule, count(*) as broken from repeated
    {%- for column, values in accepted.items() %}
    union all
    select 'accepted values of {{ column }}', count(*)
    from fresh where {{ column }} not in ('{{ values | join("', '") }}')
    {%- endfor %}
    {%- for name, condition in holds.items() %}
    union all
    select '{{ name }}', count(*)
    from fresh where not coalesce({{ condition }}, false)
    {%- endfor %}

{% endmacro %}
