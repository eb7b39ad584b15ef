{#- The 0-10 scale of the event contract; NULL where a form of feedback carries no score or an unknown one. -#}
{% macro feedback_score() -%}
    cast(case kind
        when 'rating' then 2.5 * (rating - 1)
        when 'thumb' then case thumb when 'up' then 10 when 'down' then 0 end
        when 'score' then
            case when score_max > score_min and score between score_min and score_max
                then 10 * (score - score_min) / (score_max - score_min) end
        when 'behaviour' then {{ behaviour_score() }}
    end as decimal(18, 6))
{%- endmacro %}

{% macro behaviour_score() -%}
    case action
        when 'immediate_retry' then 2
        when 'edited_output' then 6
        when 'used_as_is' then 9
        when 'saved_to_favorites' then 10
        when 'deleted_immediately' then 1
        when 'shared_with_team' then 10
    end
{%- endmacro %}
