package lint

// A Severity says how sure a finding is to hurt.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // against the specification, or thrown away by receivers
	Warning Severity = "warning" // probably wrong; whoever made the calls can tell
)

// A Rule is one thing that Check looks for.
type Rule struct {
	Name     string   `json:"name"` // kebab-case; never changes its meaning
	Severity Severity `json:"severity"`
	Help     string   `json:"help"` // what to do, or why it matters
}

// The names of the rules, which appear in findings.
const (
	badJSON      = "bad-json"
	tooLarge     = "too-large"
	notACall     = "not-a-call"
	emptyBatch   = "empty-batch"
	oversizeCall = "oversize-call"

	missingEvent      = "missing-event"
	nearMissEvent     = "near-miss-event"
	actionAlias       = "action-alias"
	missingType       = "missing-type"
	notTrack          = "not-track"
	wrongType         = "wrong-type"
	nullValue         = "null-value"
	emptyString       = "empty-string"
	badDuration       = "bad-duration"
	negativeDuration  = "negative-duration"
	badTimestamp      = "bad-timestamp"
	longCallID        = "long-call-id"
	missingUser       = "missing-user"
	missingCallID     = "missing-call-id"
	missingProperties = "missing-properties"
	emptyProperties   = "empty-properties"
	missingConvID     = "missing-conversation-id"
	missingMessageID  = "missing-message-id"
	camelCase         = "camel-case-property"
	nearMissProperty  = "near-miss-property"

	startWithoutMessage = "started-without-message"
	unprovenStart       = "unproven-start"
	misplacedStart      = "misplaced-start"
	endedWithoutStart   = "ended-without-start"
	endedAgain          = "ended-again"
	shrinkingDuration   = "shrinking-duration"
	timeGoingBack       = "time-going-back"
	swappedPerspective  = "swapped-perspective"
	reusedCallID        = "reused-call-id"
	repeatedCall        = "repeated-call"
)

// Rules returns every rule, in the order of its documentation.
func Rules() []Rule {
	return []Rule{
		{badJSON, Error, "give one call per line, or a JSON array of calls"},
		{tooLarge, Error, "receivers refuse a call of more than 32,000 bytes and a batch of more than 500,000"},
		{notACall, Error, "want a JSON object with type, event and properties"},
		{emptyBatch, Error, "send at least one call, or nothing"},
		{oversizeCall, Error, "cut message_body"},

		{missingEvent, Error, "whether it is one of the four or another, nobody can tell"},
		{nearMissEvent, Error, "receivers match the name letter by letter"},
		{actionAlias, Error, `write "type": "track"; the specification's examples are wrong there`},
		{missingType, Error, "only the address of a single call can stand in for it"},
		{notTrack, Error, "no receiver looks for an event in other calls"},
		{wrongType, Error, "receivers discard it, or a warehouse column changes its type"},
		{nullValue, Error, "an unknown value has no place in a warehouse column"},
		{emptyString, Error, "an unknown value has no place in a warehouse column"},
		{badDuration, Error, "the first value decides the type of the warehouse column"},
		{negativeDuration, Error, "count from the customer's first message, by one clock"},
		{badTimestamp, Error, "write UTC with milliseconds"},
		{longCallID, Error, "a UUID has 36"},
		{missingUser, Error, "name the customer by the company's own ID, or by the site's anonymousId"},
		{missingCallID, Warning, "give each call an ID of its own, the same at every retry, or a retry counts twice"},
		{missingProperties, Error, "conversation_id and message_id are the least"},
		{emptyProperties, Error, "conversation_id and message_id are the least"},
		{missingConvID, Error, "without it nobody can tell which events belong together"},
		{missingMessageID, Error, "it is the chat tool's ID of the message that was sent or received"},
		{camelCase, Error, "the specification writes names in snake_case"},
		{nearMissProperty, Warning, "receivers match the name letter by letter"},

		{startWithoutMessage, Error, "Started is sent with the customer's first message, not when the chat window opens or an agent greets"},
		{unprovenStart, Warning, "Started is sent with the customer's first message; this one may tell of an opened window or a greeting, unless bodies are left out and Sent does not repeat that message"},
		{misplacedStart, Error, "Started comes once, with the first message, and again only after Ended"},
		{endedWithoutStart, Warning, "send Started with the customer's first message, and no Ended for a conversation without one"},
		{endedAgain, Error, "a tool that says it again says nothing new"},
		{shrinkingDuration, Error, "count from Started, by one clock"},
		{timeGoingBack, Error, "give the time at which the chat tool saw it, and send in that order"},
		{swappedPerspective, Error, "the customer sends and receives: Sent is from the customer, Received from the agent; if the message is the agent's, it is Started that came too early"},
		{reusedCallID, Error, "receivers drop the later call; derive messageId from the event and the message together"},
		{repeatedCall, Warning, "receivers drop it within a day or more, and count it twice after that"},
	}
}
