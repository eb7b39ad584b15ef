{#- Sums of money and scores are exact, to a millionth of a millionth, and do not depend on the order of rows. -#}
{% macro exact(column) -%}
    cast({{ column }} as decimal(38, 12))
{%- endmacro %}

{% macro total(column) -%}
    cast(coalesce(sum({{ column }}), 0) as bigint)
{%- endmacro %}

{#-
    Quantiles come from histograms whose buckets grow by 1.01 / 0.99, so that every value of a bucket is within 1 % of
    the one that stands for it. Zero has a bucket of its own.
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

{#-
    The value of the first bucket that holds a share of a group, from running and whole counts beside each bucket; a
    condition says which buckets of the group those are.
-#}
{% macro quantile(share, bucket='bucket', running='running', whole='whole', condition='true') -%}
    {{ value_of_bucket("min(" ~ bucket ~ ") filter (where " ~ condition ~ " and " ~ running ~ " >= ceil(" ~ share ~ " * " ~ whole ~ "))") }}
{%- endmacro %}

{#-
    A limit of the quantile's 95 % interval, whatever the distribution: the values of ranks nq - z sqrt(nq(1 - q)), rounded
    down, and nq + z sqrt(nq(1 - q)) + 1, rounded up (Conover, Practical Nonparametric Statistics, 3.2); null where there
    are too few values for such a rank.
-#}
{% macro quantile_limit(share, side) -%}
    {%- set reach = "1.959964 * sqrt(whole * " ~ share ~ " * (1 - " ~ share ~ "))" -%}
    {%- set lowest = "floor(whole * " ~ share ~ " - " ~ reach ~ ")" -%}
    {%- set highest = "ceil(whole * " ~ share ~ " + " ~ reach ~ ") + 1" -%}
    {%- set condition = "running >= " ~ lowest ~ " and " ~ lowest ~ " >= 1" if side == 'low' else "running >= " ~ highest -%}
    {{ value_of_bucket("min(bucket) filter (where " ~ condition ~ ")") }}
{%- endmacro %}

{#- At most `limit` ids, newest first. -#}
{% macro newest(value, occurred_at, limit, condition='true') -%}
    list_slice(
        coalesce(list({{ value }} order by {{ occurred_at }} desc, {{ value }}) filter (where {{ condition }}), []),
        1, {{ limit }}
    )
{%- endmacro %}

{#- The union of lists as one sorted list. -#}
{% macro merged(column, condition='true') -%}
    coalesce(list_sort(list_distinct(flatten(list({{ column }}) filter (where {{ condition }} and {{ column }} is not null)))), [])
{%- endmacro %}
