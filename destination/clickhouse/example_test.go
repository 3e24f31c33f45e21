package clickhouse_test

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination/clickhouse"
)

func Example() {
	d, err := clickhouse.Open(clickhouse.Settings{
		URL:      "https://parlance:a-password@ch.example.com:8443",
		Database: "live_chat",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	fmt.Println(d.Limits().Calls, "calls, or those of", d.Limits().Age) // it makes a request when there is something to send
	// Output: 10000 calls, or those of 5s
}
