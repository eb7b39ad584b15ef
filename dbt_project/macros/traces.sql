{#-
    Stack traces become frames in two steps, like messages: the key folds what differs from one run to the next (line
    numbers, addresses, ids), and is cheap; the few distinct keys that are left are parsed. Both look at one trace only.
    A frame is `function(module)`, without line numbers, the innermost first.
-#}
{% macro trace_key(column) -%}
    regexp_replace({{ trace_ends(column) }}, '\b(?:[0-9a-fA-F]{8}[0-9a-fA-F-]*|0x[0-9a-fA-F]+|[0-9]+)', '0', 'g')
{%- endmacro %}

{#- A cause stands at the end in some languages and at the beginning in others: of a long trace both are read. -#}
{% macro trace_ends(column, kept=16000) -%}
    case
        when strlen({{ column }}) <= {{ 2 * kept }} then {{ column }}
        else left({{ column }}, {{ kept }}) || chr(10) || right({{ column }}, {{ kept }})
    end
{%- endmacro %}

{#- How many of the innermost frames of the application make a fingerprint. -#}
{% macro frames_kept() -%}
    {{ return(3) }}
{%- endmacro %}

{#-
    How a trace of each language looks once its numbers are folded, in the order in which they are tried. `frame` has one
    group for each of `parts`; `system` is matched against owner and place, and says which frames are not the
    application's; `module` and `function` are normalised from owner, name and place.
-#}
{% macro trace_languages() -%}
    {%- set tail = "regexp_replace(regexp_extract(frame.place, '[^/\\\\]*[/\\\\]?[^/\\\\]+$'), '\\.\\w+$', '')" -%}
    {%- set dotted = "regexp_replace(" ~ tail ~ ", '[/\\\\]', '.', 'g')" -%}
    {{ return([
        {
            'language': 'python',
            'looks': '(?m)^\\s*File "[^"\\n]+", line [0-9]+, in ',
            'frame': 'File "([^"\\n]+)", line [0-9]+, in ()([^\\n]+)',
            'parts': ['place', 'owner', 'name'],
            'innermost_last': true,
            'system': '[/\\\\](?:site|dist)-packages[/\\\\]|[/\\\\]lib(?:64)?[/\\\\]python|<frozen |[/\\\\]importlib[/\\\\]|<string>',
            'module': dotted,
            'function': 'frame.name',
        },
        {
            'language': 'php',
            'looks': '(?m)^#[0-9]+ (?:[^\\n(]+\\([0-9]+\\)|\\[internal function\\]): ',
            'frame': '(?m)^#[0-9]+ ([^\\n(]*)(?:\\([0-9]+\\))?: (?:([\\w\\\\]+)(?:->|::))?([\\w\\\\{}]+)\\(',
            'parts': ['place', 'owner', 'name'],
            'innermost_last': false,
            'system': '[/\\\\]vendor[/\\\\]|\\[internal',
            'module': "case when coalesce(frame.owner, '') <> '' then frame.owner else " ~ dotted ~ " end",
            'function': 'frame.name',
        },
        {
            'language': 'go',
            'looks': '(?m)^\\s+[^\\n]+\\.go:[0-9]+',
            'frame': '(?m)^((?:[^\\s/()]+/)*[^\\s/().]+)\\.([^\\n]+?)\\([^()\\n]*\\)\\n\\s+([^\\n]+\\.go):[0-9]+',
            'parts': ['owner', 'name', 'place'],
            'innermost_last': false,
            'system': '/usr/local/go/|/go/src/|/pkg/mod/|/vendor/|^runtime[ ./]|^panic ',
            'module': "regexp_extract(frame.owner, '(?:[^/]+/)?[^/]+$')",
            'function': "regexp_replace(frame.name, '(?:\\.func[0-9]+(?:\\.[0-9]+)*)+$|\\[\\.\\.\\.\\]', '', 'g')",
        },
        {
            'language': 'javascript',
            'looks': '(?m)(?:^\\s*at [^\\n]*|^[^\\s@]*@[^\\n]*):[0-9]+:[0-9]+\\)?$',
            'frame': '(?m)^\\s*(?:at (?:async |new )*(?:([^\\s()]+)(?: \\[as [^\\]\\n]+\\])? \\()?|([^\\s@]*)@)([^\\n()]+?):[0-9]+:[0-9]+\\)?$',
            'parts': ['name', 'owner', 'place'],
            'innermost_last': false,
            'system': '/node_modules/|node:|^internal/|<anonymous>|/polyfills(?:-\\w+)?\\.|zone\\.js|-extension://',
            'module': "regexp_replace(regexp_replace(regexp_replace(frame.place, '^webpack(?:-internal)?://[^/]*/+(?:\\./)?(.*?)(?:\\.\\w+)?$', '\\1'), '^(?:async )?[a-z]+://[^/]*', ''), '[?#].*$', '')",
            'function': "coalesce(nullif(regexp_replace(concat(frame.name, frame.owner), '^(?:Object|Module|exports)\\.|[/<*]+$', '', 'g'), ''), '?')",
        },
        {
            'language': 'java',
            'looks': '(?m)^\\s*at [\\w.$<>/@-]+\\((?:[\\w$-]+\\.(?:java|kt|scala|groovy|clj)(?::[0-9]+)?|Native Method|Unknown Source|<generated>)\\)',
            'frame': '(?m)^\\s*at (?:[^\\s()/]*/)*([\\w.$]+)\\.([\\w$<>-]+)\\(([^)\\n]*)\\)',
            'parts': ['owner', 'name', 'place'],
            'innermost_last': false,
            'system': '^(?:java|javax|jakarta|jdk|sun|com\\.sun|kotlin|kotlinx|scala|groovy|clojure|junit|org\\.(?:junit|testng|hamcrest|gradle|codehaus\\.groovy|apache\\.(?:tools\\.ant|maven|catalina|tomcat|coyote)|eclipse\\.jetty|springframework))\\.',
            'module': "regexp_replace(frame.owner, '\\$(?:[0-9$].*|lambda.*)$', '')",
            'function': "regexp_replace(frame.name, '^lambda\\$([^$]+)\\$.*$', '\\1')",
        },
        {
            'language': 'csharp',
            'looks': '(?m)^\\s*at [^\\s(]+\\s?\\([^)\\n]*\\)(?: in [^\\n]+:line [0-9]+)?\\s*$',
            'frame': '(?m)^\\s*at ([^\\s()]*[^\\s().])\\.(\\.?[^\\s.()]+)\\s?\\([^)\\n]*\\)(?: in ([^\\n]+):line [0-9]+)?',
            'parts': ['owner', 'name', 'place'],
            'innermost_last': false,
            'system': '^(?:System|Microsoft|Newtonsoft|NUnit|Xunit|Castle|Moq)\\.',
            'module': "regexp_replace(frame.owner, '[.+](?:<[^>]*>[\\w]*)+$|`[0-9]+(?:\\[[^\\]]*\\])?', '', 'g')",
            'function': "case when frame.name in ('MoveNext', 'Invoke') then coalesce(nullif(regexp_extract(frame.owner, '<([^<>]+)>[\\w]*$', 1), ''), frame.name) else regexp_replace(regexp_replace(frame.name, '^<([^<>]+)>.*$', '\\1'), '\\[[^\\]]*\\]', '') end",
        },
    ]) }}
{%- endmacro %}

{#- A test says which scenario was tried and not where the fault lies: its module counts, its function doesn't. -#}
{% macro test_module() -%}
    {{ return('(?:^|[.$/])(?:Test[A-Z0-9_]\\w*|\\w*(?:Tests?|TestCase|TestBase|IT)|test_\\w+|\\w+_test)(?:$|[$.(])|\\.(?:test|spec)\\.\\w+') }}
{%- endmacro %}

{#- What tests are built on fails wherever they fail, and tells nothing. -#}
{% macro test_helper() -%}
    {{ return('(?:TestCase|TestBase|TestUtils?|Assert|Assertions)(?:$|[$])') }}
{%- endmacro %}

{% macro sql_text(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{#- The frames of a folded trace that its language's regular expressions find: `[{language, module, function, is_system}]`. -#}
{% macro trace_frames(column) -%}
    case
    {%- for known in trace_languages() %}
        when regexp_matches({{ column }}, {{ sql_text(known.looks) }}) then list_transform(
            {{ 'list_reverse' if known.innermost_last }}(
                regexp_extract_all({{ column }}, {{ sql_text(known.frame) }}, {{ known.parts }})
            ),
            lambda frame: {
                'module': {{ known.module }},
                'function': {{ known.function }},
                'is_system': regexp_matches(concat(frame.owner, ' ', frame.place), {{ sql_text(known.system) }}),
            }
        )
    {%- endfor %}
        else []
    end
{%- endmacro %}

{#- Java tells the root cause last, below the errors that wrap it. -#}
{% macro root_cause(column) -%}
    regexp_replace({{ column }}, '(?s)^.*\nCaused by: ', '')
{%- endmacro %}

{#- The application's own frames, or all of them where it has none; helpers of tests only where nothing else is left. -#}
{% macro relevant_frames(column) -%}
    {%- set own = 'list_filter(' ~ column ~ ', lambda frame: not frame.is_system)' -%}
    {%- set plain = 'list_filter(' ~ column ~ ', lambda frame: not frame.is_system and not regexp_matches(frame.module, '
        ~ sql_text(test_helper()) ~ '))' -%}
    case
        when len({{ plain }}) > 0 then {{ plain }}
        when len({{ own }}) > 0 then {{ own }}
        else {{ column }}
    end
{%- endmacro %}

{% macro frame_texts(column) -%}
    list_transform(
        {{ column }},
        lambda frame: case
            when regexp_matches(frame.module, {{ sql_text(test_module()) }}) then frame.module
            else frame.function || '(' || frame.module || ')'
        end
    )
{%- endmacro %}

{#- A frame that calls itself counts once. -#}
{% macro top_frames(column) -%}
    list_slice(
        list_filter({{ column }}, lambda frame, place: place = 1 or frame <> {{ column }}[place - 1]),
        1,
        {{ frames_kept() }}
    )
{%- endmacro %}
