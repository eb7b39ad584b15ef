-- The reward of a conversation.
select
    source_file,
    source_line,
    cast(
        json_object(
            'event_id', conversation_id || ':reward',
            'event_type', 'outcome',
            'occurred_at', strftime(coalesce(ended_at, started_at), '%Y-%m-%dT%H:%M:%S.%fZ'),
            'clock', clock,
            'user_id', user_id,
            'session_id', session_id,
            'metric', 'reward',
            'value', reward,
            'unit_id', session_id,
            'unit_type', 'session',
            'pair_id', pair_id,
            'interaction_id', conversation_id
        ) as varchar
    ) as event,
from chat_conversations
where reward is not null
order by source_file, source_line
