-- Tables and views over the files, for Athena and Trino. LAKE stands for what
-- url says, such as s3://BUCKET/PREFIX, and 2020-01-01 for the first day there
-- may be. Athena takes one statement at a time.

-- The rows as they are in the files; date is the day of timestamp, and a row that
-- was replayed is there again.
create external table if not exists live_chat_conversation_started_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`event` string,
	`event_text` string,
	`agent_id` string,
	`agent_name` string,
	`agent_username` string,
	`conversation_duration` bigint,
	`conversation_id` string,
	`message_body` string,
	`message_id` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/live_chat_conversation_started/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists live_chat_message_sent_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`event` string,
	`event_text` string,
	`agent_id` string,
	`agent_name` string,
	`agent_username` string,
	`conversation_duration` bigint,
	`conversation_id` string,
	`message_body` string,
	`message_id` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/live_chat_message_sent/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists live_chat_message_received_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`event` string,
	`event_text` string,
	`agent_id` string,
	`agent_name` string,
	`agent_username` string,
	`conversation_duration` bigint,
	`conversation_id` string,
	`message_body` string,
	`message_id` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/live_chat_message_received/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists live_chat_conversation_ended_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`event` string,
	`event_text` string,
	`agent_id` string,
	`agent_name` string,
	`agent_username` string,
	`conversation_duration` bigint,
	`conversation_id` string,
	`message_body` string,
	`message_id` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/live_chat_conversation_ended/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists tracks_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`event` string,
	`event_text` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/tracks/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists identifies_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`email` string,
	`name` string,
	`first_name` string,
	`last_name` string,
	`phone` string,
	`username` string,
	`traits` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/identifies/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists pages_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`name` string,
	`category` string,
	`path` string,
	`referrer` string,
	`search` string,
	`title` string,
	`url` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/pages/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists screens_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`name` string,
	`category` string,
	`properties` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/screens/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists groups_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`group_id` string,
	`email` string,
	`name` string,
	`first_name` string,
	`last_name` string,
	`phone` string,
	`username` string,
	`traits` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/groups/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');
create external table if not exists aliases_files (
	`id` string,
	`received_at` timestamp,
	`anonymous_id` string,
	`user_id` string,
	`original_timestamp` timestamp,
	`sent_at` timestamp,
	`timestamp` timestamp,
	`context_integration_name` string,
	`context_integration_version` string,
	`context_library_name` string,
	`context_library_version` string,
	`context_live_chat_agent_type` string,
	`context_live_chat_channel` string,
	`context_live_chat_conversation_url` string,
	`context_live_chat_source` string,
	`context_ip` string,
	`context_locale` string,
	`context_timezone` string,
	`context_user_agent` string,
	`context_page_path` string,
	`context_page_referrer` string,
	`context_page_search` string,
	`context_page_title` string,
	`context_page_url` string,
	`context_campaign_name` string,
	`context_campaign_source` string,
	`context_campaign_medium` string,
	`context_campaign_term` string,
	`context_campaign_content` string,
	`context` string,
	`previous_id` string
)
partitioned by (`date` date)
stored as parquet
location 'LAKE/aliases/'
tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');

-- Each row once.
create or replace view live_chat_conversation_started as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "event", "event_text", "agent_id", "agent_name", "agent_username", "conversation_duration", "conversation_id", "message_body", "message_id", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from live_chat_conversation_started_files) copies
where copy = 1;
create or replace view live_chat_message_sent as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "event", "event_text", "agent_id", "agent_name", "agent_username", "conversation_duration", "conversation_id", "message_body", "message_id", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from live_chat_message_sent_files) copies
where copy = 1;
create or replace view live_chat_message_received as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "event", "event_text", "agent_id", "agent_name", "agent_username", "conversation_duration", "conversation_id", "message_body", "message_id", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from live_chat_message_received_files) copies
where copy = 1;
create or replace view live_chat_conversation_ended as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "event", "event_text", "agent_id", "agent_name", "agent_username", "conversation_duration", "conversation_id", "message_body", "message_id", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from live_chat_conversation_ended_files) copies
where copy = 1;
create or replace view tracks as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "event", "event_text", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from tracks_files) copies
where copy = 1;
create or replace view identifies as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "email", "name", "first_name", "last_name", "phone", "username", "traits", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from identifies_files) copies
where copy = 1;
create or replace view pages as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "name", "category", "path", "referrer", "search", "title", "url", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from pages_files) copies
where copy = 1;
create or replace view screens as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "name", "category", "properties", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from screens_files) copies
where copy = 1;
create or replace view groups as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "group_id", "email", "name", "first_name", "last_name", "phone", "username", "traits", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from groups_files) copies
where copy = 1;
create or replace view aliases as
select "id", "received_at", "anonymous_id", "user_id", "original_timestamp", "sent_at", "timestamp", "context_integration_name", "context_integration_version", "context_library_name", "context_library_version", "context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source", "context_ip", "context_locale", "context_timezone", "context_user_agent", "context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url", "context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content", "context", "previous_id", "date"
from (select *, row_number() over (partition by id order by received_at desc) as copy from aliases_files) copies
where copy = 1;

-- One row for each user: of each trait what was said last.
create or replace view users as
select user_id as id, max(received_at) as received_at, max("timestamp") as "timestamp",
	max_by(email, "timestamp") filter (where email is not null) as email,
	max_by(name, "timestamp") filter (where name is not null) as name,
	max_by(first_name, "timestamp") filter (where first_name is not null) as first_name,
	max_by(last_name, "timestamp") filter (where last_name is not null) as last_name,
	max_by(phone, "timestamp") filter (where phone is not null) as phone,
	max_by(username, "timestamp") filter (where username is not null) as username,
	max_by(traits, "timestamp") filter (where traits is not null) as traits
from identifies
where user_id is not null
group by user_id;

-- Every event in the order of its conversation. A session begins at each
-- Started; a leg of it begins when something is said after an Ended. Who is no
-- bot is a person.
create or replace view live_chat_timeline as
with events as (
	select 1 as rank, 'started' as kind, id, "timestamp", received_at, user_id, anonymous_id, agent_id, agent_name, agent_username, cast(null as varchar) as agent_type,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source as source, context_live_chat_channel as channel
	from live_chat_conversation_started
	union all
	select 2, 'sent', id, "timestamp", received_at, user_id, anonymous_id, agent_id, agent_name, agent_username, cast(null as varchar),
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source, context_live_chat_channel
	from live_chat_message_sent
	union all
	select 3, 'received', id, "timestamp", received_at, user_id, anonymous_id, agent_id, agent_name, agent_username,
		case when context_live_chat_agent_type = 'bot' then 'bot' else 'human' end,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source, context_live_chat_channel
	from live_chat_message_received
	union all
	select 4, 'ended', id, "timestamp", received_at, user_id, anonymous_id, agent_id, agent_name, agent_username,
		case when context_live_chat_agent_type = 'bot' then 'bot' else 'human' end,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source, context_live_chat_channel
	from live_chat_conversation_ended
), sessions as (
	select *, greatest(1, count(case when kind = 'started' then 1 end) over (
		partition by source, conversation_id order by "timestamp", rank, id rows unbounded preceding)) as session
	from events
	where conversation_id is not null
)
select source, conversation_id, session,
	1 + count(case when kind = 'ended' then 1 end) over (
		partition by source, conversation_id, session order by "timestamp", rank, id rows between unbounded preceding and 1 preceding) as leg,
	"timestamp", rank, kind, agent_type, agent_id, agent_name, agent_username, user_id, anonymous_id,
	message_id, message_body, conversation_duration, channel, id, received_at
from sessions;

-- How long customers waited, once for each Started and each reopening: from
-- what the customer wrote to the first answer by a person, and by a bot.
create or replace view live_chat_first_responses as
with opened as (
	select *, case when leg = 1
			then min(case when kind = 'started' then "timestamp" end) over (partition by source, conversation_id, session, leg)
			else min(case when kind = 'sent' then "timestamp" end) over (partition by source, conversation_id, session, leg) end as opened_at
	from live_chat_timeline
), answered as (
	select source, conversation_id, session, leg, opened_at,
		min("timestamp") filter (where kind = 'received' and agent_type = 'human' and "timestamp" >= opened_at) as responded_at,
		(array_agg(agent_id order by "timestamp", rank, id) filter (where kind = 'received' and agent_type = 'human' and "timestamp" >= opened_at))[1] as agent_id,
		min("timestamp") filter (where kind = 'received' and agent_type = 'bot' and "timestamp" >= opened_at) as bot_responded_at,
		(array_agg(agent_id order by "timestamp", rank, id) filter (where kind = 'received' and agent_type = 'bot' and "timestamp" >= opened_at))[1] as bot_id
	from opened
	where opened_at is not null
	group by source, conversation_id, session, leg, opened_at
)
select source, conversation_id, session, leg, leg > 1 as reopened, opened_at,
	responded_at, cast(date_diff('millisecond', opened_at, responded_at) as double) / 1000 as response_seconds, agent_id,
	bot_responded_at, cast(date_diff('millisecond', opened_at, bot_responded_at) as double) / 1000 as bot_response_seconds, bot_id
from answered;

-- One row for each session of each conversation. It is missed if it ended and
-- nobody ever answered, and dropped if it ended on the customer's words.
create or replace view live_chat_conversations as
with whole as (
	select source, conversation_id, session,
		min("timestamp") filter (where kind = 'started') as started_at,
		min("timestamp") filter (where kind = 'ended') as first_ended_at,
		max("timestamp") filter (where kind = 'ended') as last_ended_at,
		(array_agg(kind order by "timestamp" desc, rank desc, id desc))[1] = 'ended' as is_ended,
		count(*) filter (where kind = 'ended') as closings,
		(array_agg(conversation_duration order by "timestamp", rank, id) filter (where kind = 'ended'))[1] as first_duration_seconds,
		(array_agg(conversation_duration order by "timestamp" desc, rank desc, id desc) filter (where kind = 'ended'))[1] as duration_seconds,
		count(distinct coalesce(message_id, id)) filter (where kind in ('started', 'sent')) as customer_messages,
		count(*) filter (where kind = 'received' and agent_type = 'human') as people_messages,
		count(*) filter (where kind = 'received' and agent_type = 'bot') as bot_messages,
		(array_agg(kind order by "timestamp" desc, rank desc, id desc) filter (where kind <> 'ended'))[1] as last_said,
		(array_agg(agent_id order by "timestamp" desc, rank desc, id desc) filter (where kind in ('received', 'ended') and agent_type = 'human' and agent_id is not null))[1] as agent_id,
		(array_agg(agent_name order by "timestamp" desc, rank desc, id desc) filter (where kind in ('received', 'ended') and agent_type = 'human' and agent_name is not null))[1] as agent_name,
		(array_agg(user_id order by "timestamp" desc, rank desc, id desc) filter (where user_id is not null))[1] as user_id,
		(array_agg(anonymous_id order by "timestamp" desc, rank desc, id desc) filter (where anonymous_id is not null))[1] as anonymous_id,
		max(channel) as channel
	from live_chat_timeline
	group by source, conversation_id, session
), reopened as (
	select source, conversation_id, session, count(*) filter (where leg > 1) as reopenings,
		max(response_seconds) filter (where leg = 1) as first_response_seconds,
		max(bot_response_seconds) filter (where leg = 1) as first_bot_response_seconds
	from live_chat_first_responses
	group by source, conversation_id, session
)
select w.source, w.conversation_id, w.session, w.channel, w.user_id, w.anonymous_id, w.agent_id, w.agent_name,
	w.started_at, w.first_ended_at, w.last_ended_at, w.is_ended, w.closings, coalesce(r.reopenings, 0) as reopenings,
	r.first_response_seconds, r.first_bot_response_seconds, w.first_duration_seconds, w.duration_seconds,
	w.customer_messages, w.people_messages, w.bot_messages,
	w.closings > 0 and w.people_messages + w.bot_messages = 0 as missed,
	w.closings > 0 and w.is_ended and w.last_said in ('started', 'sent') as dropped
from whole w
left join reopened r on r.source is not distinct from w.source and r.conversation_id = w.conversation_id and r.session = w.session;

-- One row for each agent, people and bots apart: what they wrote, how fast they
-- were the first to answer, and how long what they closed had taken.
create or replace view live_chat_agents as
with said as (
	select source, agent_type, agent_id,
		(array_agg(agent_name order by "timestamp" desc) filter (where agent_name is not null))[1] as agent_name,
		(array_agg(agent_username order by "timestamp" desc) filter (where agent_username is not null))[1] as agent_username,
		count(distinct case when kind = 'received' then cast(session as varchar) || ' ' || conversation_id end) as conversations,
		count(*) filter (where kind = 'received') as messages,
		count(*) filter (where kind = 'ended') as closings,
		approx_percentile(case when kind = 'ended' then conversation_duration end, 0.5) as median_duration_seconds,
		avg(conversation_duration) filter (where kind = 'ended') as average_duration_seconds
	from live_chat_timeline
	where kind in ('received', 'ended') and agent_id is not null
	group by source, agent_type, agent_id
), answers as (
	select source, 'human' as agent_type, agent_id, response_seconds as seconds from live_chat_first_responses
	union all
	select source, 'bot', bot_id, bot_response_seconds from live_chat_first_responses
), answered as (
	select source, agent_type, agent_id, count(*) as first_responses,
		approx_percentile(seconds, 0.5) as median_first_response_seconds,
		approx_percentile(seconds, 0.9) as p90_first_response_seconds,
		avg(seconds) as average_first_response_seconds
	from answers
	where seconds is not null and agent_id is not null
	group by source, agent_type, agent_id
)
select s.source, s.agent_type, s.agent_id, s.agent_name, s.agent_username, s.conversations, s.messages,
	coalesce(a.first_responses, 0) as first_responses, a.median_first_response_seconds, a.p90_first_response_seconds,
	round(a.average_first_response_seconds, 3) as average_first_response_seconds,
	s.closings, s.median_duration_seconds, round(s.average_duration_seconds, 3) as average_duration_seconds
from said s
left join answered a on a.source is not distinct from s.source and a.agent_type = s.agent_type and a.agent_id = s.agent_id;

-- One row for each day and source. What is about the start of a conversation
-- counts on the day of the start, what is about its end on that of the end, an
-- answer on the day of what it answers.
create or replace view live_chat_days as
with events as (
	select cast("timestamp" as date) as day, source,
		count(*) filter (where kind = 'started') as started,
		count(*) filter (where kind = 'ended') as closings,
		count(*) filter (where kind = 'sent') as sent,
		count(*) filter (where kind = 'received' and agent_type = 'human') as received_from_people,
		count(*) filter (where kind = 'received' and agent_type = 'bot') as received_from_bots,
		approx_percentile(case when kind = 'ended' then conversation_duration end, 0.5) as median_duration_seconds,
		approx_percentile(case when kind = 'ended' then conversation_duration end, 0.9) as p90_duration_seconds,
		avg(conversation_duration) filter (where kind = 'ended') as average_duration_seconds
	from live_chat_timeline
	group by cast("timestamp" as date), source
), answers as (
	select cast(opened_at as date) as day, source,
		count(*) as waits, count(*) filter (where reopened) as reopenings,
		count(response_seconds) as first_responses,
		approx_percentile(response_seconds, 0.5) as median_first_response_seconds,
		approx_percentile(response_seconds, 0.9) as p90_first_response_seconds,
		approx_percentile(response_seconds, 0.99) as p99_first_response_seconds,
		avg(response_seconds) as average_first_response_seconds,
		count(bot_response_seconds) as bot_first_responses,
		approx_percentile(bot_response_seconds, 0.5) as median_bot_first_response_seconds,
		avg(bot_response_seconds) as average_bot_first_response_seconds
	from live_chat_first_responses
	group by cast(opened_at as date), source
), ends as (
	select cast(first_ended_at as date) as day, source, count(*) filter (where missed) as missed, count(*) filter (where dropped) as dropped
	from live_chat_conversations
	where first_ended_at is not null
	group by cast(first_ended_at as date), source
)
select e.day, e.source, e.started, coalesce(a.reopenings, 0) as reopenings, e.closings,
	coalesce(x.missed, 0) as missed, coalesce(x.dropped, 0) as dropped,
	e.sent, e.received_from_people, e.received_from_bots,
	coalesce(a.waits, 0) as waits, coalesce(a.first_responses, 0) as first_responses,
	a.median_first_response_seconds, a.p90_first_response_seconds, a.p99_first_response_seconds,
	round(a.average_first_response_seconds, 3) as average_first_response_seconds,
	coalesce(a.bot_first_responses, 0) as bot_first_responses, a.median_bot_first_response_seconds,
	round(a.average_bot_first_response_seconds, 3) as average_bot_first_response_seconds,
	e.median_duration_seconds, e.p90_duration_seconds, round(e.average_duration_seconds, 3) as average_duration_seconds
from events e
left join answers a on a.day = e.day and a.source is not distinct from e.source
left join ends x on x.day = e.day and x.source is not distinct from e.source;
