-- What was raised, or what was only logged: a message without an exception has the type `Message`.
select
    source_file,
    source_line,
    cast(
        json_object(
            'event_id', coalesce(record ->> '$.event_id', source_file || ':' || source_line),
            'event_type', 'error',
            'occurred_at', strftime(coalesce(sent_at, cast(landed_date as timestamp)), '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', if(sent_at is null, 'synthetic', 'real'),
            'user_id', coalesce(record ->> '$.user.id', record ->> '$.user.username'),
            'trace_id', record ->> '$.contexts.trace.trace_id',
            'service', record ->> '$.server_name',
            'release', record ->> '$.release',
            'environment', record ->> '$.environment',
            'error_type', if(raised is null, 'Message', coalesce(raised ->> '$.type', 'Error')),
            'message', if(raised is null, said, raised ->> '$.value'),
            'stack_trace', stack_trace,
            'handled', case raised ->> '$.mechanism.handled' when 'true' then true when 'false' then false end,
            'attributes', json_object('transaction', record ->> '$.transaction', 'platform', platform)
        ) as varchar
    ) as event,
from sentry_events
where raised is not null or said is not null
