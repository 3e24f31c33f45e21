-- Of each trait, what was said of a user last, in whatever order it came.
create or replace view {database}.users as
with said as (
	select user_id, timestamp, received_at, uuid_ts, id, email, name, first_name, last_name, phone, username, ifNull(traits, '{}') as traits
	from {database}.identifies final
	where user_id is not null
), others as (
	select user_id, concat('{', arrayStringConcat(arrayMap(t -> concat(toJSONString(t.1), ':', t.2), arraySort(groupArray((trait, value)))), ','), '}') as traits
	from (
		select user_id, pair.1 as trait, argMax(pair.2, (timestamp, received_at, id)) as value
		from said
		array join JSONExtractKeysAndValuesRaw(traits) as pair
		group by user_id, trait
	)
	group by user_id
)
select s.user_id as id, s.latest_received_at as received_at, s.latest_timestamp as timestamp,
	s.latest_email as email, s.latest_name as name, s.latest_first_name as first_name, s.latest_last_name as last_name, s.latest_phone as phone, s.latest_username as username,
	nullIf(o.traits, '') as traits, s.latest_uuid_ts as uuid_ts
from (
	select user_id,
		argMaxIf(email, (timestamp, received_at, id), email is not null) as latest_email,
		argMaxIf(name, (timestamp, received_at, id), name is not null) as latest_name,
		argMaxIf(first_name, (timestamp, received_at, id), first_name is not null) as latest_first_name,
		argMaxIf(last_name, (timestamp, received_at, id), last_name is not null) as latest_last_name,
		argMaxIf(phone, (timestamp, received_at, id), phone is not null) as latest_phone,
		argMaxIf(username, (timestamp, received_at, id), username is not null) as latest_username,
		max(received_at) as latest_received_at, max(timestamp) as latest_timestamp, max(uuid_ts) as latest_uuid_ts
	from said
	group by user_id
) as s
left join others as o on o.user_id = s.user_id;

-- Every event once, in the order of its conversation. A session begins at each
-- Started; a leg of it begins when something is said after an Ended. Who is no
-- bot is a person.
create or replace view {database}.live_chat_timeline as
with events as (
	select 1 as rank, 'started' as kind, id, timestamp, received_at, user_id, anonymous_id, agent_id, agent_name, agent_username, CAST(null, 'Nullable(String)') as agent_type,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source as source, context_live_chat_channel as channel
	from {database}.live_chat_conversation_started final
	union all
	select 2 as rank, 'sent' as kind, id, timestamp, received_at, user_id, anonymous_id, agent_id, agent_name, agent_username, CAST(null, 'Nullable(String)') as agent_type,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source as source, context_live_chat_channel as channel
	from {database}.live_chat_message_sent final
	union all
	select 3 as rank, 'received' as kind, id, timestamp, received_at, user_id, anonymous_id, agent_id, agent_name, agent_username,
		if(ifNull(context_live_chat_agent_type, '') = 'bot', 'bot', 'human') as agent_type,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source as source, context_live_chat_channel as channel
	from {database}.live_chat_message_received final
	union all
	select 4 as rank, 'ended' as kind, id, timestamp, received_at, user_id, anonymous_id, agent_id, agent_name, agent_username,
		if(ifNull(context_live_chat_agent_type, '') = 'bot', 'bot', 'human') as agent_type,
		conversation_id, conversation_duration, message_id, message_body, context_live_chat_source as source, context_live_chat_channel as channel
	from {database}.live_chat_conversation_ended final
), sessions as (
	select *, greatest(1, countIf(kind = 'started') over (
		partition by source, conversation_id order by timestamp, rank, id rows between unbounded preceding and current row)) as session
	from events
	where conversation_id is not null
)
select source, conversation_id, session,
	1 + countIf(kind = 'ended') over (
		partition by source, conversation_id, session order by timestamp, rank, id rows between unbounded preceding and 1 preceding) as leg,
	timestamp, rank, kind, agent_type, agent_id, agent_name, agent_username, user_id, anonymous_id,
	message_id, message_body, conversation_duration, channel, id, received_at
from sessions;

-- How long customers waited, once for each Started and each reopening: from
-- what the customer wrote to the first answer by a person, and by a bot.
create or replace view {database}.live_chat_first_responses as
with opened as (
	select *, if(leg = 1,
			minOrNullIf(timestamp, kind = 'started') over (partition by source, conversation_id, session, leg),
			minOrNullIf(timestamp, kind = 'sent') over (partition by source, conversation_id, session, leg)) as opened_at
	from {database}.live_chat_timeline
), answered as (
	select source, conversation_id, session, leg, opened_at,
		minOrNullIf(timestamp, kind = 'received' and agent_type = 'human' and timestamp >= opened_at) as responded_at,
		argMinIf(tuple(agent_id), (timestamp, rank, id), kind = 'received' and agent_type = 'human' and timestamp >= opened_at).1 as person_id,
		minOrNullIf(timestamp, kind = 'received' and agent_type = 'bot' and timestamp >= opened_at) as bot_responded_at,
		argMinIf(tuple(agent_id), (timestamp, rank, id), kind = 'received' and agent_type = 'bot' and timestamp >= opened_at).1 as bot_id
	from opened
	where opened_at is not null
	group by source, conversation_id, session, leg, opened_at
)
select source, conversation_id, session, leg, CAST(leg > 1, 'Bool') as reopened, opened_at,
	responded_at, dateDiff('millisecond', opened_at, responded_at) / 1000 as response_seconds, person_id as agent_id,
	bot_responded_at, dateDiff('millisecond', opened_at, bot_responded_at) / 1000 as bot_response_seconds, bot_id
from answered;

-- One row for each session of each conversation. It is missed if it ended and
-- nobody ever answered, and dropped if it ended on the customer's words.
create or replace view {database}.live_chat_conversations as
with whole as (
	select source, conversation_id, session,
		minOrNullIf(timestamp, kind = 'started') as started_at,
		minOrNullIf(timestamp, kind = 'ended') as first_ended_at,
		maxOrNullIf(timestamp, kind = 'ended') as last_ended_at,
		CAST(argMax(kind, (timestamp, rank, id)) = 'ended', 'Bool') as is_ended,
		countIf(kind = 'ended') as closings,
		argMinIf(tuple(conversation_duration), (timestamp, rank, id), kind = 'ended').1 as first_duration_seconds,
		argMaxIf(tuple(conversation_duration), (timestamp, rank, id), kind = 'ended').1 as duration_seconds,
		uniqExactIf(coalesce(message_id, id), kind in ('started', 'sent')) as customer_messages,
		countIf(kind = 'received' and agent_type = 'human') as people_messages,
		countIf(kind = 'received' and agent_type = 'bot') as bot_messages,
		argMaxIf(kind, (timestamp, rank, id), kind <> 'ended') as last_said,
		argMaxIf(agent_id, (timestamp, rank, id), kind in ('received', 'ended') and agent_type = 'human' and agent_id is not null) as latest_agent_id,
		argMaxIf(agent_name, (timestamp, rank, id), kind in ('received', 'ended') and agent_type = 'human' and agent_name is not null) as latest_agent_name,
		argMaxIf(user_id, (timestamp, rank, id), user_id is not null) as latest_user_id,
		argMaxIf(anonymous_id, (timestamp, rank, id), anonymous_id is not null) as latest_anonymous_id,
		max(channel) as latest_channel
	from {database}.live_chat_timeline
	group by source, conversation_id, session
), reopened as (
	select source, conversation_id, session, countIf(leg > 1) as reopenings,
		maxIf(response_seconds, leg = 1) as first_response_seconds,
		maxIf(bot_response_seconds, leg = 1) as first_bot_response_seconds
	from {database}.live_chat_first_responses
	group by source, conversation_id, session
)
select w.source as source, w.conversation_id as conversation_id, w.session as session, w.latest_channel as channel, w.latest_user_id as user_id,
	w.latest_anonymous_id as anonymous_id, w.latest_agent_id as agent_id, w.latest_agent_name as agent_name,
	w.started_at, w.first_ended_at, w.last_ended_at, w.is_ended, w.closings, coalesce(r.reopenings, 0) as reopenings,
	r.first_response_seconds, r.first_bot_response_seconds, w.first_duration_seconds, w.duration_seconds,
	w.customer_messages, w.people_messages, w.bot_messages,
	CAST(w.closings > 0 and w.people_messages + w.bot_messages = 0, 'Bool') as missed,
	CAST(w.closings > 0 and w.is_ended and w.last_said in ('started', 'sent'), 'Bool') as dropped
from whole as w
left join reopened as r on r.source is not distinct from w.source and r.conversation_id = w.conversation_id and r.session = w.session;

-- One row for each agent, people and bots apart: what they wrote, how fast they
-- were the first to answer, and how long what they closed had taken.
create or replace view {database}.live_chat_agents as
with said as (
	select source, agent_type, agent_id,
		argMaxIf(agent_name, timestamp, agent_name is not null) as latest_agent_name,
		argMaxIf(agent_username, timestamp, agent_username is not null) as latest_agent_username,
		uniqExactIf((conversation_id, session), kind = 'received') as conversations,
		countIf(kind = 'received') as messages,
		countIf(kind = 'ended') as closings,
		quantileExactInclusiveOrNullIf(0.5)(conversation_duration, kind = 'ended') as median_duration_seconds,
		avgOrNullIf(conversation_duration, kind = 'ended') as average_duration_seconds
	from {database}.live_chat_timeline
	where kind in ('received', 'ended') and agent_id is not null
	group by source, agent_type, agent_id
), answers as (
	select source, 'human' as agent_type, agent_id, response_seconds as seconds from {database}.live_chat_first_responses
	union all
	select source, 'bot' as agent_type, bot_id as agent_id, bot_response_seconds as seconds from {database}.live_chat_first_responses
), answered as (
	select source, agent_type, agent_id, count() as first_responses,
		quantileExactInclusiveOrNull(0.5)(seconds) as median_first_response_seconds,
		quantileExactInclusiveOrNull(0.9)(seconds) as p90_first_response_seconds,
		avgOrNull(seconds) as average_first_response_seconds
	from answers
	where seconds is not null and agent_id is not null
	group by source, agent_type, agent_id
)
select s.source as source, s.agent_type as agent_type, s.agent_id as agent_id, s.latest_agent_name as agent_name, s.latest_agent_username as agent_username,
	s.conversations, s.messages,
	coalesce(a.first_responses, 0) as first_responses,
	round(a.median_first_response_seconds, 3) as median_first_response_seconds, round(a.p90_first_response_seconds, 3) as p90_first_response_seconds,
	round(a.average_first_response_seconds, 3) as average_first_response_seconds,
	s.closings, round(s.median_duration_seconds, 3) as median_duration_seconds, round(s.average_duration_seconds, 3) as average_duration_seconds
from said as s
left join answered as a on a.source is not distinct from s.source and a.agent_type = s.agent_type and a.agent_id = s.agent_id;

-- One row for each day and source, in the time zone of who asks. What is about
-- the start of a conversation counts on the day of the start, what is about its
-- end on that of the end, an answer on the day of what it answers.
create or replace view {database}.live_chat_days as
with events as (
	select toDate(timestamp, timezone()) as day, source,
		countIf(kind = 'started') as started,
		countIf(kind = 'ended') as closings,
		countIf(kind = 'sent') as sent,
		countIf(kind = 'received' and agent_type = 'human') as received_from_people,
		countIf(kind = 'received' and agent_type = 'bot') as received_from_bots,
		quantileExactInclusiveOrNullIf(0.5)(conversation_duration, kind = 'ended') as median_duration_seconds,
		quantileExactInclusiveOrNullIf(0.9)(conversation_duration, kind = 'ended') as p90_duration_seconds,
		avgOrNullIf(conversation_duration, kind = 'ended') as average_duration_seconds
	from {database}.live_chat_timeline
	group by day, source
), answers as (
	select toDate(opened_at, timezone()) as day, source,
		count() as waits, countIf(reopened) as reopenings,
		count(response_seconds) as first_responses,
		quantileExactInclusiveOrNull(0.5)(response_seconds) as median_first_response_seconds,
		quantileExactInclusiveOrNull(0.9)(response_seconds) as p90_first_response_seconds,
		quantileExactInclusiveOrNull(0.99)(response_seconds) as p99_first_response_seconds,
		avgOrNull(response_seconds) as average_first_response_seconds,
		count(bot_response_seconds) as bot_first_responses,
		quantileExactInclusiveOrNull(0.5)(bot_response_seconds) as median_bot_first_response_seconds,
		avgOrNull(bot_response_seconds) as average_bot_first_response_seconds
	from {database}.live_chat_first_responses
	group by day, source
), ends as (
	select toDate(first_ended_at, timezone()) as day, source, countIf(missed) as missed_ones, countIf(dropped) as dropped_ones
	from {database}.live_chat_conversations
	where first_ended_at is not null
	group by day, source
)
select e.day as day, e.source as source, e.started as started, coalesce(a.reopenings, 0) as reopenings, e.closings as closings,
	coalesce(x.missed_ones, 0) as missed, coalesce(x.dropped_ones, 0) as dropped,
	e.sent as sent, e.received_from_people as received_from_people, e.received_from_bots as received_from_bots,
	coalesce(a.waits, 0) as waits, coalesce(a.first_responses, 0) as first_responses,
	round(a.median_first_response_seconds, 3) as median_first_response_seconds, round(a.p90_first_response_seconds, 3) as p90_first_response_seconds,
	round(a.p99_first_response_seconds, 3) as p99_first_response_seconds,
	round(a.average_first_response_seconds, 3) as average_first_response_seconds,
	coalesce(a.bot_first_responses, 0) as bot_first_responses,
	round(a.median_bot_first_response_seconds, 3) as median_bot_first_response_seconds,
	round(a.average_bot_first_response_seconds, 3) as average_bot_first_response_seconds,
	round(e.median_duration_seconds, 3) as median_duration_seconds, round(e.p90_duration_seconds, 3) as p90_duration_seconds,
	round(e.average_duration_seconds, 3) as average_duration_seconds
from events as e
left join answers as a on a.day = e.day and a.source is not distinct from e.source
left join ends as x on x.day = e.day and x.source is not distinct from e.source
order by day, source;
