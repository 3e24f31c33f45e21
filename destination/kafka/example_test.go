package kafka_test

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination/kafka"
)

func Example() {
	s := kafka.Settings{
		Brokers:     []string{"127.0.0.1:9092"},
		Topic:       "chats-{workspace}",
		Compression: "zstd",
	}
	fmt.Println(s.Check())
	// Output: <nil>
}
