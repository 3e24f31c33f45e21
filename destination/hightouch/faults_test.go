package hightouch

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
		Answer: ``,
	})
}
