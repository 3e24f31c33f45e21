package liveperson

import (
	"cmp"

	"github.com/parlance-chat/parlance/connector/field"
)

type webhook struct {
	Type string `json:"type"`
	Body struct {
		Changes []change `json:"changes"`
	} `json:"body"`
}

// A change is something that somebody did in a dialog, or a conversation's state.
type change struct {
	Sequence           field.ID    `json:"sequence"`
	OriginatorID       string      `json:"originatorId"`
	OriginatorMetadata participant `json:"originatorMetadata"`
	ServerTimestamp    field.Time  `json:"serverTimestamp"`
	Event              struct {
		Type        string       `json:"type"`
		Message     field.Object `json:"message"` // a string, or for files and forms an object
		ContentType string       `json:"contentType"`
	} `json:"event"`
	ConversationID  string `json:"conversationId"`
	DialogID        string `json:"dialogId"`
	MessageAudience string `json:"messageAudience"`

	Type   string `json:"type"`
	Result struct {
		ConvID  string  `json:"convId"`
		Details details `json:"conversationDetails"`
	} `json:"result"`
}

type participant struct {
	ID   string `json:"id"`
	Role string `json:"role"`
}

func (v change) originator() string { return cmp.Or(v.OriginatorMetadata.ID, v.OriginatorID) }

// known reports whether the message is of a kind that people see.
func (v change) known() bool {
	if v.Event.Type == "RichContentEvent" {
		return true
	}
	switch v.Event.ContentType {
	case "text/plain", "hosted/file", "external/file", "forms/secure-invitation", "forms/secure-submission":
		return true
	}
	return false
}

// body is what was written. Of a form it is nothing: forms are for what is secret.
func (v change) body() string {
	switch v.Event.ContentType {
	case "text/plain":
		var s field.Text
		if len(v.Event.Message) > 0 && s.UnmarshalJSON(v.Event.Message) == nil {
			return string(s)
		}
	case "hosted/file", "external/file":
		return v.Event.Message.Text("caption")
	}
	return ""
}

type details struct {
	Participants []participant `json:"participants"`
	Dialogs      []struct {
		DialogType string `json:"dialogType"`
		ending
	} `json:"dialogs"`
	State       string     `json:"state"`
	CloseReason string     `json:"closeReason"`
	StartTs     field.Time `json:"startTs"`
	EndTs       field.Time `json:"endTs"`
	UpdatedTs   field.Time `json:"metaDataLastUpdateTs"`
}

// An ending says whether, when and by whom something was closed.
type ending struct {
	State    string     `json:"state"`
	ClosedBy string     `json:"closedBy"`
	EndTs    field.Time `json:"endTs"`
}

// end is the end of the main dialog: a survey may follow, with which the
// conversation as a whole ends later, mostly by a timer.
func (d details) end() ending {
	for _, v := range d.Dialogs {
		if v.DialogType == "MAIN" {
			return v.ending
		}
	}
	return ending{d.State, d.CloseReason, d.EndTs}
}
