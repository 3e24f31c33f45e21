package nats

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
)

// What JetStream says by number, from its errors.json.
const (
	messageTooLarge = 10054 // for the stream
	otherStream     = 10060 // takes the subject
)

// means says what an error means. A server that forbids something only says so
// beside, and then leaves us waiting.
func means(err error, forbidden bool) error {
	var said *jetstream.APIError
	code := jetstream.ErrorCode(0)
	if errors.As(err, &said) {
		code = said.ErrorCode
	}
	switch {
	case errors.As(err, new(*destination.Refusal)):
		return err
	case errors.Is(err, nats.ErrMaxPayload), code == messageTooLarge:
		return &destination.Refusal{Reason: "the call is larger than the server or the stream takes"}
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAccountAuthExpired):
		return &destination.Pause{Reason: "NATS does not let us in: " + err.Error() + "; are creds, token, or user and password right?"}
	case forbidden:
		return &destination.Pause{Reason: "NATS forbids it; allow the user to publish to the subject and $JS.API.STREAM.INFO, to subscribe to _INBOX.>, and with create: true to publish to $JS.API.STREAM.CREATE"}
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return &destination.Pause{Reason: "there is no such stream; create it, or write create: true"}
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return &destination.Pause{Reason: "JetStream is not enabled there; start the servers with it, or log in to an account that has it"}
	case code == otherStream:
		return &destination.Pause{Reason: "another stream takes the subject; change subject or stream"}
	case errors.Is(err, nats.ErrNoResponders):
		// So it is too while a cluster has no leader.
		return errors.New("no JetStream answers; if that stays so, it is not enabled there, or not for the account")
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return errors.New("no stream took it; if that stays so, the stream's subjects lack the one in subject")
	}
	return fmt.Errorf("nats: %w", err)
}
