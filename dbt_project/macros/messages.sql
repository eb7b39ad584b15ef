{#-
    Messages become templates in two steps. The key folds every digit to 0 and every long hexadecimal run to its kind; it
    is made of every event, so it is cheap, and what has no such run skips that search. The masks then run over the few
    distinct keys that are left. Both look at one message only: a template never depends on which messages came with it.
-#}
{% macro message_key(column) -%}
    {%- set head -%}
        case when strlen({{ column }}) <= 2000 then {{ column }} else left({{ column }}, 2000) end
    {%- endset -%}
    {%- set h = '[0-9a-fA-F]' -%}
    {%- set uuid = ('\\b' ~ h ~ '{8}(?:-' ~ h ~ '{4}){3}-' ~ h ~ '{12}\\b', '<uuid>') -%}
    {%- set pointer = ('\\b0[xX]' ~ h ~ '+', '<hex>') -%}
    translate(
        case
            when not regexp_matches({{ head }}, '{{ h }}{8}|0[xX]') then {{ head }}
            when not regexp_matches({{ head }}, '{{ h }}{16}') then {{ mask(head, [uuid, pointer]) }}
            else {{ mask(head, [
                ('\\b00-' ~ h ~ '{32}-' ~ h ~ '{16}-[0-9]{2}\\b', '<trace>'),
                uuid,
                ('\\b' ~ h ~ '{40}\\b', '<sha1>'),
                ('\\b' ~ h ~ '{32}\\b', '<md5>'),
                ('\\b0[xX]' ~ h ~ '+|\\b' ~ h ~ '{16,}\\b', '<hex>'),
            ]) }}
        end,
        '123456789',
        '000000000'
    )
{%- endmacro %}

{% macro mask_key(column) -%}
    {{ mask('trim(regexp_replace(' ~ column ~ ", '\\s+', ' ', 'g'))", message_masks()) }}
{%- endmacro %}

{% macro mask_message(column) -%}
    {{ mask_key(message_key(column)) }}
{%- endmacro %}

{#- The masks over a key, in order: what is matched first cannot be matched again. -#}
{% macro message_masks() -%}
    {%- set month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*' -%}
    {%- set clock = '0{1,2}:00(?::00(?:[.,]0+)?)?(?: ?[AaPp]\\.?[Mm]\\b)?' -%}
    {%- set zone = '(?:Z|[+-]00:?00)?' -%}
    {%- set tld = '(?:com|org|net|edu|gov|io|dev|ai|app|cloud|co|eu|de|uk|us|local|internal|localdomain|svc)' -%}
    {%- set unit = '(?:[nuµm]?s|secs?|seconds?|milliseconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?)' -%}
    {{ return([
        ('[\\w.+<>-]+@[\\w-]+(?:\\.[\\w-]+)+', '<email>'),
        ('\\b[a-zA-Z][a-zA-Z0+.-]*://[^\\s\'"]+', '<url>'),
        ('\\b(?:[a-zA-Z0-]+\\.)+' ~ tld ~ '\\b(?::0+)?|\\blocalhost\\b(?::0+)?', '<host>'),
        ('\\b0{1,3}(?:\\.0{1,3}){3}(?::0+)?\\b', '<ip>'),
        ('\\b(?:[0a-fA-F]{1,4}:){7}[0a-fA-F]{1,4}\\b|\\b(?:[0a-fA-F]{1,4}:){1,6}:(?:[0a-fA-F]{1,4}(?::[0a-fA-F]{1,4})*)?', '<ip>'),
        ('(?i)\\b(trace|span|request|correlation)([ _-]?id)([=: ]+)[\\w<>-]+', '\\1\\2\\3<trace>'),
        ('\\b0000([-/])00[-/]00(?:[T ]' ~ clock ~ zone ~ ')?\\b', '<date>'),
        ('\\b0{1,2}[-/.]0{1,2}[-/.]0{4}\\b|\\b0{1,2} ' ~ month ~ ' 0{4}\\b|\\b' ~ month ~ ' 0{1,2},? 0{4}\\b', '<date>'),
        ('\\b' ~ clock ~ zone, '<time>'),
        ('\\b0+(?:\\.0+)? ?' ~ unit ~ '\\b', '<duration>'),
        ('(\\w=)(?:\\{[^{}]*\\}|\\[[^\\[\\]]*\\])', '\\1<value>'),
        ('(\\w ?= ?)(?:"[^"]*"|\'[^\']*\')', '\\1<value>'),
        ('"[^"]*"|`[^`]*`', '<quoted>'),
        ('(^|[\\s(\\[{:=,])\'[^\']*\'', '\\1<quoted>'),
        ('(^|[\\s(\\[{:=,])(?:[a-zA-Z]:)?(?:[\\\\/][\\w.@%+~<>-]+)+[\\\\/]?', '\\1<path>'),
        ('\\b[\\w.-]+(?:[\\\\/][\\w.-]+){2,}', '<path>'),
        ('(^|[\\s(\\[{:=,+$€£-])[+-]?(?:0{1,3}(?:,000)+|0+)(?:\\.0+)?(?:[eE][+-]?0+)?(?:%|\\b)', '\\1<number>'),
        ('\\b(?:0[0a-f]{6}|[0a-f]0[0a-f]{5}|[0a-f]{2}0[0a-f]{4}|[0a-f]{3}0[0a-f]{3}|[0a-f]{4}0[0a-f]{2}|[0a-f]{5}0[0a-f]|[0a-f]{6}0)[0a-f]*\\b', '<sha>'),
        ('#\\w*0\\w*', '<id>'),
        ('\\b[A-Za-z]+(?:[_-][A-Za-z]+)*[_-]?0{3,}[\\w-]*|\\b[A-Za-z]+(?:_[A-Za-z]+)*_0+\\b', '<id>'),
        ('\\b[A-Za-z]{1,12}[_-][a-zA-Z]*0+[a-zA-Z]+0[0a-zA-Z]*\\b', '<id>'),
        ('\\b[A-Za-z]{1,12}[_-](?:0[0a-f]{5,}|[0a-f]0[0a-f]{4,}|[0a-f]{2}0[0a-f]{3,}|[0a-f]{3}0[0a-f]{2,}|[0a-f]{4}0[0a-f]+|[0a-f]{5,}0[0a-f]*)\\b', '<id>'),
        ('\\b(?:[A-Z0]{4,}0[A-Z0]*|[A-Z0]{3}0[A-Z0]+|[A-Z0]{2}0[A-Z0]{2,}|[A-Z0]0[A-Z0]{3,}|0[A-Z0]{4,})\\b', '<id>'),
        ('0+(?:\\.0+)*', '#'),
        ('<sha#>', '<sha1>'),
        ('<md#>', '<md5>'),
    ]) }}
{%- endmacro %}

{% macro mask(expression, masks) -%}
    {%- set chain = namespace(sql=expression) -%}
    {%- for pattern, placeholder in masks -%}
        {%- set quoted = pattern | replace("'", "''") -%}
        {%- set chain.sql = "regexp_replace(" ~ chain.sql ~ ", '" ~ quoted ~ "', '" ~ placeholder ~ "', 'g')" -%}
    {%- endfor -%}
    {{ chain.sql }}
{%- endmacro %}
