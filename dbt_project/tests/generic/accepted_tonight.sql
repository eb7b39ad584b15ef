{# Tonight's values of a closed set; older nights were tested when they were built. #}
{% test accepted_tonight(model, column_name, values) %}

    select {{ column_name }}
    from {{ model }}
    where as_of = {{ run_context('as_of') }} and {{ column_name }} not in ('{{ values | join("', '") }}')

{% endtest %}
