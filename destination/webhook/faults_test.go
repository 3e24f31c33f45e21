package webhook

import (
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func TestFaults(t *testing.T) {
	for name, batch := range map[string]int{"one call a request": 1, "lists": 5} {
		t.Run(name, func(t *testing.T) {
			destinationtest.TestFaults(t, destinationtest.HTTPHarness{
				Open: func(url string) (destination.Destination, error) {
					s := settings(url)
					s.List, s.Authorization = batch, "Bearer h1dden"
					return Open(s)
				},
				Secret: "h1dden",
			})
		})
	}
}
