{#
    Everything that must hold for tonight's rows of a mart, in one query: the key names one row, closed sets hold,
    conditions hold. Columns that are never null are part of the contract. Returns one row per broken rule.
#}
{% test sound(model, key, accepted={}, holds={}) %}

    with tonight as (

        select * from {{ model }}
        where as_of = {{ run_context('as_of') }}

    ),

    repeated as (

        select {{ key | join(', ') }}
        from tonight
        group by {{ key | join(', ') }}
        having count(*) > 1

    ),

    checks as (

        select 'the key is unique' as rule, count(*) as broken from repeated
        {%- for column, values in accepted.items() %}
        union all
        select 'accepted values of {{ column }}', count(*)
        from tonight where {{ column }} not in ('{{ values | join("', '") }}')
        {%- endfor %}
        {%- for name, condition in holds.items() %}
        union all
        select '{{ name }}', count(*)
        from tonight where not coalesce({{ condition }}, false)
        {%- endfor %}

    )

    select * from checks
    where broken > 0

{% endtest %}
