{# A condition that holds for every row of tonight's. #}
{% test always(model, holds) %}

    select *
    from {{ model }}
    where as_of = {{ run_context('as_of') }} and not coalesce({{ holds }}, false)

{% endtest %}
