package kustomer

import "github.com/parlance-chat/parlance/connector/field"

// An event is what happened to a resource.
type event struct {
	Name      string     `json:"name"`
	CreatedAt field.Time `json:"createdAt"`
	Data      struct {
		ID            field.ID   `json:"id"`
		Attributes    attributes `json:"attributes"`
		Relationships struct {
			Customer     relationship `json:"customer"`
			Conversation relationship `json:"conversation"`
			CreatedBy    relationship `json:"createdBy"`
		} `json:"relationships"`
	} `json:"data"`
	Changes struct {
		Attributes field.Object `json:"attributes"` // by name: change
	} `json:"changes"`
}

// attributes are those of any resource.
type attributes struct {
	CreatedAt     field.Time `json:"createdAt"`
	AssignedUsers []field.ID `json:"assignedUsers"` // of a message, and of a conversation

	Channel   string     `json:"channel"` // of a message
	Direction string     `json:"direction"`
	Auto      bool       `json:"auto"`
	Redacted  bool       `json:"redacted"`
	Preview   field.Text `json:"preview"`
	SentAt    field.Time `json:"sentAt"`

	Channels []string `json:"channels"` // of a conversation

	Name        field.Text `json:"name"` // of a customer, and of a user
	DisplayName field.Text `json:"displayName"`
	ExternalID  field.ID   `json:"externalId"`
	Email       field.Text `json:"email"`
	Emails      []struct {
		Email field.Text `json:"email"`
	} `json:"emails"`
	Custom field.Object `json:"custom"`
}

// A relationship leads to another resource.
type relationship struct {
	Data struct {
		Type string   `json:"type"`
		ID   field.ID `json:"id"`
	} `json:"data"`
}

// A change is what an attribute was, and what it became.
type change struct {
	Before field.Text `json:"before"`
	After  field.Text `json:"after"`
}
