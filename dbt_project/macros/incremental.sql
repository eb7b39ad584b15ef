{# A layer's rows are replaced in whole partitions: landing days for daily statistics, nights for marts. #}
{% macro forget_pending() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ is_pending() }}
    {%- endif -%}
{%- endmacro %}

{% macro forget_as_of() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where as_of = {{ run_context('as_of') }}
    {%- endif -%}
{%- endmacro %}
