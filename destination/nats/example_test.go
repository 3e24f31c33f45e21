package nats_test

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination/nats"
)

func Example() {
	s := nats.Settings{
		Servers:  []string{"nats://127.0.0.1:4222"},
		Stream:   "chats",
		Subject:  "chats.{workspace}.{event}",
		Replicas: 1,
	}
	fmt.Println(s.Check())
	// Output: <nil>
}
