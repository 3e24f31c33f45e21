-- Times are milliseconds since 1970, durations milliseconds, but for a call's
-- conversation_duration, which is whole seconds as in the specification. What
-- is not known is NULL.
CREATE TABLE cursors (workspace TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, source TEXT NOT NULL, tool TEXT NOT NULL, UNIQUE (workspace, source));
-- A place is a channel of a source.
CREATE TABLE places (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, channel TEXT NOT NULL, UNIQUE (source, channel));
-- People and bots may have the same ids; at is when the names were told.
CREATE TABLE agents (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, bot INTEGER NOT NULL, agent TEXT NOT NULL, name TEXT, username TEXT, at INTEGER NOT NULL, UNIQUE (source, bot, agent));
-- A person is a pair of ids as calls have them together.
CREATE TABLE people (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, user_id TEXT NOT NULL, anonymous_id TEXT NOT NULL, UNIQUE (workspace, user_id, anonymous_id));
CREATE INDEX people_anonymous ON people (workspace, anonymous_id);
CREATE TABLE identifies (workspace TEXT, id BLOB, at INTEGER NOT NULL, received INTEGER NOT NULL, source INTEGER NOT NULL, user_id TEXT, anonymous_id TEXT, email TEXT, name TEXT,
	PRIMARY KEY (workspace, id)) WITHOUT ROWID;
CREATE INDEX identifies_user ON identifies (workspace, user_id, at);
CREATE INDEX identifies_anonymous ON identifies (workspace, anonymous_id, at);
CREATE INDEX identifies_email ON identifies (workspace, email) WHERE email IS NOT NULL;
CREATE TABLE threads (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, conversation TEXT NOT NULL, url TEXT, UNIQUE (source, conversation));
-- One row an event. id is the messageId, of a UUID its 16 bytes. kind: 1
-- Started, 2 Sent, 3 Received, 4 Ended. response is how long the customer had
-- waited for a Received, seq where the event is in the log.
CREATE TABLE events (thread INTEGER, id BLOB, at INTEGER NOT NULL, kind INTEGER NOT NULL, place INTEGER NOT NULL, person INTEGER NOT NULL, agent INTEGER, bot INTEGER NOT NULL,
	duration INTEGER NOT NULL, message TEXT, received INTEGER NOT NULL, response INTEGER, seq INTEGER NOT NULL, body TEXT, PRIMARY KEY (thread, id)) WITHOUT ROWID;
-- One row a start; its id is the thread's, times 2^20, and a number. state: 0
-- open, 1 ended, 2 left open when the next one started. waiting is since when
-- the customer waits for a person. What follows quarter is how far a fold has
-- got; see fold.go.
CREATE TABLE conversations (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, person INTEGER NOT NULL, state INTEGER NOT NULL, opened INTEGER NOT NULL, started INTEGER, active INTEGER NOT NULL,
	waiting INTEGER, first_ended INTEGER, last_ended INTEGER, closings INTEGER NOT NULL, reopenings INTEGER NOT NULL, first_duration INTEGER, duration INTEGER,
	customer_messages INTEGER NOT NULL, human_messages INTEGER NOT NULL, bot_messages INTEGER NOT NULL, first_response INTEGER, first_bot_response INTEGER,
	first_agent INTEGER, last_agent INTEGER, transfers INTEGER NOT NULL, first_closer INTEGER, last_closer INTEGER,
	quarter INTEGER NOT NULL, opening INTEGER, opening_bot INTEGER, waiting_bot INTEGER, leg INTEGER NOT NULL, last_kind INTEGER NOT NULL, last_id BLOB NOT NULL, last_said INTEGER NOT NULL, start_message TEXT);
CREATE INDEX conversations_opened ON conversations (place, state, opened);
CREATE INDEX conversations_active ON conversations (place, state, active);
CREATE INDEX conversations_waiting ON conversations (place, waiting) WHERE state = 0 AND waiting IS NOT NULL;
CREATE INDEX conversations_person ON conversations (person);
-- Who wrote in a conversation, and in which quarter of an hour last. place, state
-- and opened are the conversation's.
CREATE TABLE parts (conversation INTEGER, agent INTEGER, place INTEGER NOT NULL, state INTEGER NOT NULL, opened INTEGER NOT NULL, messages INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
	quarter INTEGER NOT NULL, PRIMARY KEY (conversation, agent)) WITHOUT ROWID;
CREATE INDEX parts_agent ON parts (agent, place, state, opened, conversation);
-- Figures of three hours at a place or, of an agent, of four days: see cell.go.
-- The id is made of agent, 0 being all, place and time.
CREATE TABLE cells (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
