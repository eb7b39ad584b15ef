{#- How many runs of an API and a day are kept for replay, and how many targets a night looks at. -#}
{% macro runs_kept() -%}
    1000
{%- endmacro %}

{% macro targets_kept() -%}
    20
{%- endmacro %}

{#- What a time limit or a batch is set for: the task's type, else what was asked. -#}
{% macro task() -%}
    coalesce(nullif(task_type, ''), nullif(intent, ''), '')
{%- endmacro %}

{#-
    The next round number of milliseconds, as `round_up` of analyze/tuning/fits.py: 10, 12, 15, 20, 25, 30, 40, 50, 60, 80,
    100 and so on. Time limits are such numbers, so that it is known exactly how many calls each of them ends.
-#}
{% macro round_ms(column) -%}
    {%- set scale = 'pow(10, floor(log10(greatest(' ~ column ~ ', 10))))' -%}
    round({{ scale }} * list_min(list_filter(
        [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]::double[],
        lambda step: step >= greatest({{ column }}, 10) / {{ scale }} * (1 - 1e-12)
    )))
{%- endmacro %}

{#- The next round number of calls: 1, 2, 3, 4, 5, 6, 8, and from 10 on as `round_ms`. -#}
{% macro round_calls(column) -%}
    cast(
        case
            when {{ column }} > 8 then {{ round_ms(column) }}
            else list_min(list_filter([1, 2, 3, 4, 5, 6, 8]::double[], lambda step: step >= {{ column }}))
        end
    as integer)
{%- endmacro %}

{#- Whether an API refused a call because it gets too many: by status, by the class of the error, or by its message. -#}
{% macro is_throttled() -%}
    (
        coalesce(status_code in (429, 529), false)
        or regexp_matches(
            lower(left(concat_ws(' ', error_type, error), 1000)), 'rate.?limit|too many requests|throttl|overload'
        )
    )
{%- endmacro %}

{#- The upper end of a bucket. -#}
{% macro end_of_bucket(bucket) -%}
    case when {{ bucket }} = {{ zero_bucket() }} then 0.0 else pow(1.01 / 0.99, {{ bucket }}) end
{%- endmacro %}

{#- The highest level up to so many calls at once, as LIMITS of analyze/tuning/limits.py. -#}
{% macro concurrency_level(column) -%}
    list_max(list_filter(
        [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512, 1000]::integer[],
        lambda level: level <= {{ column }}
    ))
{%- endmacro %}
