{# The columns together name one row of tonight's; that none of them is null is part of the contract. #}
{% test unique_key(model, columns) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    where as_of = {{ run_context('as_of') }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
