{#- Sums of money and scores are exact and do not depend on the order of rows. -#}
{% macro exact(column) -%}
    cast({{ column }} as decimal(38, 6))
{%- endmacro %}

{#-
    Quantiles come from histograms whose buckets grow by 1.01 / 0.99, so that any value of a bucket is within 1 % of the
    one that stands for it. Zero has a bucket of its own.
-#}
{% macro bucket_of(column) -%}
    case when {{ column }} > 0 then cast(ceil(ln({{ column }}) / ln(1.01 / 0.99)) as integer) else {{ zero_bucket() }} end
{%- endmacro %}

{% macro zero_bucket() -%}
    -1000000
{%- endmacro %}

{% macro value_of_bucket(bucket) -%}
    case when {{ bucket }} = {{ zero_bucket() }} then 0.0 else 2.0 * pow(1.01 / 0.99, {{ bucket }}) / (1.01 / 0.99 + 1.0) end
{%- endmacro %}
