package journal

import "context"

// An Eraser says what is to be taken out of a journal. Its methods may be called
// twice for the same thing.
type Eraser interface {
	// Webhook takes out of w what is to go, and reports whether there was
	// anything. The webhook's position stays.
	Webhook(w *Webhook) (changed bool)
	// Event reports whether an event is to go.
	Event(e *Event) (gone bool)
	// State returns what is to stay of a conversation's state, nil if nothing
	// is, and whether that is something else than was there. What is
	// remembered of people is among the states.
	State(c Conversation, state []byte) (to []byte, changed bool)
	// Parked reports whether a parked call is to go.
	Parked(e *Event) (gone bool)
	// Replay reports whether a replay that has ended is to go, for it names
	// somebody.
	Replay(r *Replay) (gone bool)
}

// An Erasable journal can take out what is in its midst.
type Erasable interface {
	// Erase has e decide about all that there is of a workspace. With dry it
	// changes nothing. What is written meanwhile may not be seen.
	Erase(ctx context.Context, workspace string, e Eraser, dry bool) error
}
