package report

// A Metric is a figure with its definition, as it is shown beside it.
type Metric struct {
	Key     string `json:"key"` // of the figure, in JSON
	Name    string `json:"name"`
	Unit    string `json:"unit"` // "", or "s" for Times
	Text    string `json:"definition"`
	Formula string `json:"formula"`
}

// Metrics returns the definitions of all figures.
//
// A conversation is one from a start to before the next start in the same
// thread. A leg of it begins at its start, and anew after each end. Who is not
// marked as a bot is a person.
func Metrics() []Metric {
	return []Metric{
		{"open", "Open now", "", "Conversations that are going on, whatever the period and the agent.",
			"count of conversations whose last event is no Ended and that no later start of their thread has left behind"},
		{"unanswered", "Unanswered now", "", "Open conversations in which the customer waits for a person. A bot's answer does not count.",
			"count of open conversations with a message of the customer and none of a person after it"},
		{"started", "Started", "", "Conversations that customers started: each first message, and in threads without an end each new beginning.",
			"count of Live Chat Conversation Started, by its time"},
		{"closings", "Ended", "", "How often a conversation was ended. One that was reopened and ended again counts twice.",
			"count of Live Chat Conversation Ended, by its time"},
		{"reopened", "Reopened", "", "How often a customer wrote again after the end.",
			"count of first Live Chat Message Sent after a Live Chat Conversation Ended"},
		{"sent", "Messages of customers", "", "Messages that customers wrote, each once, whether the start tells it, a message, or both.",
			"count of Live Chat Message Sent, and of Started whose message no Sent tells"},
		{"received", "Messages of people", "", "Messages that people of the company wrote.",
			"count of Live Chat Message Received, not marked agent_type bot"},
		{"bot_received", "Messages of bots", "", "Messages that bots wrote.",
			"count of Live Chat Message Received, marked agent_type bot"},
		{"customer_first", "The customer wrote first", "", "Conversations that began with the customer's words.",
			"count of conversations whose first message is a customer's, by its time"},
		{"agent_first", "A person wrote first", "", "Conversations that a person of the company began.",
			"count of conversations whose first message is a person's, by its time"},
		{"bot_first", "A bot wrote first", "", "Conversations that a bot began.",
			"count of conversations whose first message is a bot's, by its time"},
		{"transfers", "Transfers", "", "How often another person answered than the one before, within a conversation.",
			"count of messages of people whose agent is not that of the person's message before"},
		{"missed", "Missed", "", "Conversations that ended without any answer, not even a bot's. Counts at the first end, and no more once somebody has answered after all.",
			"count of conversations with an Ended and no Received, by the first Ended"},
		{"dropped", "Dropped", "", "Conversations that are over and whose last word was the customer's, missed ones included.",
			"count of conversations whose last event is an Ended and last message a customer's, by the first Ended"},
		{"waits", "First answers due", "", "Starts and reopenings, to each of which a first answer is due. Of so many the first response time is measured where somebody answered.",
			"started conversations and reopenings, by the time of the customer's message"},
		{"handled", "Conversations", "", "Conversations in which the agent wrote. Of agents only.",
			"count of conversations, by the agent's first message in each"},
		{"first_response", "First response time", "s", "How long customers waited for the first answer of a person, after a start or a reopening. Bots in between do not count, and all hours do. What nobody answered has none: see first answers due.",
			"first message of a person in a leg − the start, or the first message of the customer in that leg; by the time of the latter"},
		{"first_bot_response", "First response time of bots", "s", "The same, to the first answer of a bot.",
			"first message of a bot in a leg − the start, or the first message of the customer in that leg; by the time of the latter"},
		{"response", "Response time", "s", "How long customers waited for each answer of a person: the first message without an answer starts the clock, however many follow. An end stops it.",
			"message of a person − first message of the customer since the last message of a person, in a leg; by the time of the latter"},
		{"bot_response", "Response time of bots", "s", "How long customers waited for a bot, where nobody else had answered.",
			"message of a bot − first message of the customer since the last message of anybody, in a leg; by the time of the latter"},
		{"duration", "Duration", "s", "How long conversations took from their start to their last end, as that tells it. Time between an end and a reopening is in it.",
			"conversation_duration of the last Ended, by its time"},
		{"first_duration", "Duration to the first end", "s", "How long conversations took from their start to their first end. Its count is of conversations that ended.",
			"conversation_duration of the first Ended, by its time"},
		{"concurrency", "At once", "", "In how many conversations somebody wrote within the same quarter of an hour; of an agent, in how many they wrote. The mean is of quarters in which anybody wrote.",
			"conversations with a message in a quarter of an hour; mean and most"},
	}
}
