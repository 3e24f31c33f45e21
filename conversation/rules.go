package conversation

import (
	"slices"
	"time"
)

// Rules are the switches of what the specification leaves open. The zero value
// is the default.
type Rules struct {
	FirstMessage FirstMessage
	Ended        EndedRule
	Reopen       Reopen
	Bots         Voice // the default includes them
	Automation   Voice // the default drops it
	// Channels lists the channels that count. Empty means chat and messaging.
	Channels []string
	Identity Identity
	// Identify adds an identify call whenever something new is known about
	// the customer.
	Identify bool
	// Inactivity is how long nobody may write before the next message begins
	// anew, in channels that have no end of their own. 0 is for ever.
	Inactivity time.Duration
	// InactivityEnd ends what fell silent so, at its last message. Without it
	// there is no Ended, for the specification asks for an explicit end.
	InactivityEnd bool
}

// FirstMessage says what a customer's first message becomes.
type FirstMessage string

// Values of FirstMessage; the zero value is StartedAndSent.
const (
	StartedAndSent FirstMessage = "started_and_sent"
	StartedOnly    FirstMessage = "started_only"
)

// EndedRule says whose closing ends a conversation.
type EndedRule string

// Values of EndedRule; the zero value is Explicit.
const (
	Explicit EndedRule = "explicit" // a person's, or the tool does not say whose
	Any      EndedRule = "any"      // also the tool's own timer or bot
)

// Reopen says what a customer's message after the end means.
type Reopen string

// Values of Reopen; the zero value is Continue.
const (
	Continue Reopen = "continue" // the same conversation goes on
	Restart  Reopen = "restart"  // a new one starts in the same thread
)

// Voice says whether a kind of author counts.
type Voice string

// Values of Voice. The zero value includes bots and drops automation.
const (
	Include Voice = "include"
	Drop    Voice = "drop"
)

// Identity says what may serve as userId.
type Identity string

// Values of Identity; the zero value is ExternalID.
const (
	ExternalID Identity = "external_id" // only the company's own ID for the customer
	Email      Identity = "email"       // else their e-mail address
)

// counts reports whether conversations in channel are of interest.
func (r Rules) counts(channel string) bool {
	if channel == "" {
		channel = "chat"
	}
	list := r.Channels
	if len(list) == 0 {
		list = DefaultChannels()
	}
	return slices.Contains(list, channel)
}

// DefaultChannels are those that count where Rules lists none.
func DefaultChannels() []string { return []string{"chat", "messaging"} }
