package conversation

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/livechat"
)

// An Origin says where a conversation takes place.
type Origin struct {
	// Namespace separates this installation from all others: receivers such
	// as Segment drop a call whose messageId they have seen from anybody.
	Namespace string
	Workspace string
	Source    string
	Tool      string           // the chat tool's name
	Library   livechat.Library // the program that derives the events
}

// integrationVersion is the version of the mapping from chat tools to events,
// the "version" that Segment asks of a partner's integration.
const integrationVersion = "1.0.0"

func (o Origin) context() livechat.Context {
	return livechat.Context{
		Integration: livechat.Integration{Name: o.Tool, Version: integrationVersion},
		Library:     o.Library,
	}
}

// id derives a UUID from where and what, the same for ever. It is a version 8
// UUID (RFC 9562 §5.8) of a SHA-256 over the length-prefixed parts.
func (o Origin) id(parts ...string) string {
	b := make([]byte, 0, 512) // nearly always enough, and then on the stack
	for _, list := range [][]string{{o.Namespace, o.Workspace, o.Source}, parts} {
		for _, p := range list {
			b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
			b = append(b, p...)
		}
	}
	sum := sha256.Sum256(b)
	u := uuid.UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
