{#-
    A path becomes the template of its endpoint: without query and fragment, every segment that looks like a key (a
    number, a UUID, a long or prefixed code with digits, an e-mail address) becomes {id}. Versions such as v1 stay.
-#}
{% macro path_template(column) -%}
    array_to_string(
        list_transform(
            string_split(left(regexp_replace({{ column }}, '[?#].*$', '', 's'), 500), '/'),
            lambda segment: case
                when regexp_full_match(segment, '[0-9]+([.,:;-][0-9]+)*') then '{id}'
                when regexp_full_match(segment, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}') then '{id}'
                when regexp_full_match(segment, '[A-Za-z]{1,12}[_-][A-Za-z0-9]*[0-9][A-Za-z0-9]{3,}') then '{id}'
                when regexp_full_match(segment, '[A-Za-z0-9_=.~-]{8,}') and regexp_matches(segment, '[0-9].*[0-9]') then '{id}'
                when contains(segment, '@') or contains(segment, '%') or strlen(segment) > 60 then '{id}'
                when regexp_full_match(segment, '\[[A-Z_]+\]|<[A-Z_a-z]+>') then '{id}'
                else segment
            end
        ),
        '/'
    )
{%- endmacro %}

{#- What the keys of an object hold, as texts 'type name' in the words of JSON Schema; a null tells no type. -#}
{% macro sent_types(params) -%}
    coalesce(list_filter(
        list_transform(
            map_entries(from_json(json_structure({{ params }}), '"MAP(VARCHAR, VARCHAR)"')),
            lambda sent: case
                when sent.value in ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT') then 'integer '
                when sent.value = 'DOUBLE' then 'number '
                when sent.value = 'BOOLEAN' then 'boolean '
                when sent.value = 'VARCHAR' then 'string '
                when sent.value like '[%' then 'array '
                when starts_with(sent.value, chr(123)) then 'object '
            end || sent.key
        ),
        lambda typed: typed is not null
    ), [])
{%- endmacro %}
