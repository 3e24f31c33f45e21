package jitsu

import (
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func openAt(url string) (destination.Destination, error) {
	return Open(Settings{WriteKey: key, Endpoint: url})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open:   openAt,
		Secret: key,
		Answer: `{"ok":true,"receivedEvents":12,"okEvents":12}`,
		Tells:  true,
		// No line names a call of ours, so that none is known to be there.
		ErrorBody: `{"ok":false,"receivedEvents":1,"okEvents":0,"errors":["Message ID: z: event error: unknown event type"]}`,
		Means:     "refusal",
	})
}
