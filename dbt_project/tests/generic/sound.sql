{#- What must hold for the rows of one model; returns one row per broken rule. -#}
{% test sound(model, key, rows='tonight', accepted={}, holds={}) %}

    select * from ({{ soundness(model, key, rows, accepted, holds) }})
    where broken > 0

{% endtest %}
