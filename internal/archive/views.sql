-- Segment's warehouse layout, as views: the rows would take as much room again.
CREATE VIEW tracks AS SELECT
	CASE WHEN typeof(e.id) = 'blob' AND length(e.id) = 16 THEN substr(lower(hex(e.id)), 1, 8) || '-' || substr(lower(hex(e.id)), 9, 4) || '-' || substr(lower(hex(e.id)), 13, 4) || '-' || substr(lower(hex(e.id)), 17, 4) || '-' || substr(lower(hex(e.id)), 21)
		WHEN hex(substr(e.id, 1, 1)) = '00' THEN CAST(substr(e.id, 2) AS TEXT) ELSE CAST(e.id AS TEXT) END AS id,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.received / 1000.0, 'unixepoch') AS received_at, nullif(u.anonymous_id, '') AS anonymous_id, nullif(u.user_id, '') AS user_id,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch') AS timestamp,
	CASE e.kind WHEN 1 THEN 'live_chat_conversation_started' WHEN 2 THEN 'live_chat_message_sent' WHEN 3 THEN 'live_chat_message_received' ELSE 'live_chat_conversation_ended' END AS event,
	CASE e.kind WHEN 1 THEN 'Live Chat Conversation Started' WHEN 2 THEN 'Live Chat Message Sent' WHEN 3 THEN 'Live Chat Message Received' ELSE 'Live Chat Conversation Ended' END AS event_text,
	a.agent AS agent_id, a.name AS agent_name, a.username AS agent_username, e.duration AS conversation_duration, t.conversation AS conversation_id, e.body AS message_body, e.message AS message_id,
	s.tool AS context_integration_name, CASE WHEN e.bot THEN 'bot' WHEN e.agent IS NOT NULL THEN 'human' END AS context_live_chat_agent_type,
	nullif(p.channel, '') AS context_live_chat_channel, t.url AS context_live_chat_conversation_url, s.source AS context_live_chat_source, s.workspace, e.response / 1000.0 AS response_seconds
	FROM events e JOIN threads t ON t.id = e.thread JOIN places p ON p.id = e.place JOIN sources s ON s.id = p.source JOIN people u ON u.id = e.person LEFT JOIN agents a ON a.id = e.agent;
CREATE VIEW live_chat_conversation_started AS SELECT * FROM tracks WHERE event = 'live_chat_conversation_started';
CREATE VIEW live_chat_message_sent AS SELECT * FROM tracks WHERE event = 'live_chat_message_sent';
CREATE VIEW live_chat_message_received AS SELECT * FROM tracks WHERE event = 'live_chat_message_received';
CREATE VIEW live_chat_conversation_ended AS SELECT * FROM tracks WHERE event = 'live_chat_conversation_ended';
-- One row a person, of whom what was told last counts.
CREATE VIEW users AS SELECT workspace, user_id AS id, strftime('%Y-%m-%dT%H:%M:%fZ', max(at) / 1000.0, 'unixepoch') AS timestamp, email, name FROM identifies WHERE user_id IS NOT NULL GROUP BY workspace, user_id;
