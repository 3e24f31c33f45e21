package tracking

import (
	"context"
	"net/http"

	"github.com/parlance-chat/parlance/destination"
)

// A Profile is what one platform does in its own way. The zero value of a
// field is Segment's way.
type Profile struct {
	URL string // where batches go
	Key string // what says which source they are for

	// KeyHeader is the header that carries the key. Without it the key is the
	// user name of Basic authentication, and the password is empty.
	KeyHeader string
	// Authorizer, if set, authorizes requests in place of the key.
	Authorizer Authorizer
	// WriteKey has the key stand in the batch too.
	WriteKey bool
	// KeyMember, if set, is the member of a batch that carries the key, in
	// place of a header.
	KeyMember string
	// NoHeader means that frames carry the key.
	NoHeader bool
	// Header holds further headers.
	Header map[string]string

	Limits destination.Limits
	// SharedContext means that one context and one integrations object stand
	// for all calls of a batch, so that only calls with the same go together.
	SharedContext bool
	// BatchID has each batch carry a messageId of its own, the same whenever
	// the same calls are sent.
	BatchID bool
	// Edit, if set, changes a call so that the platform does not.
	Edit func(*Object)

	// Parts, if set, returns what the platform gets in place of a call, and
	// Frame is what stands around it: the platform has a format of its own.
	// Parts' error is as that of destination.Destination's Send.
	Parts func(call *Object) ([]Part, error)
	Frame Frame

	// Failures, if set, reads an answer of 2xx, which then may mean that only
	// some of the calls were taken. Its error means that the answer cannot be
	// the platform's.
	Failures func(said []byte) ([]Failure, error)
	// Tells, if set, reads an answer other than 2xx to so many parts. No
	// failures mean that the status says all.
	Tells func(status, parts int, said []byte) []Failure
	// ID is what the platform makes of a messageId. Nil changes nothing.
	ID func(string) string

	// Empty says what it means that a batch without calls is not refused, where
	// the platform may be asked so.
	Empty string
	// Examine, if set, asks the platform in another way.
	Examine func(context.Context) []destination.Finding

	// Pauses say what a status means that has deliveries wait for somebody,
	// and what to do, where the platform's meaning is a special one.
	Pauses map[int]string
}

// An Authorizer authorizes requests by something that has to be fetched first.
// Its methods may be called concurrently.
type Authorizer interface {
	// Authorize authorizes a request. Its error is as that of
	// destination.Destination's Send.
	Authorize(*http.Request) error
	// Refused tells of a status that may be about the authorization of a
	// request. It reports whether a new one is worth an attempt at once.
	Refused(req *http.Request, status int) (again bool)
	Close()
}

// A Failure says that a call was not taken.
type Failure struct {
	MessageID string // as the platform tells it
	Err       error  // as of destination.Destination's Send
}
