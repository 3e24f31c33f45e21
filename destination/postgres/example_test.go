package postgres_test

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination/postgres"
)

func Example() {
	d, err := postgres.Open(postgres.Settings{
		URL:    "postgres://parlance:a-password@db.example.com/warehouse?sslmode=verify-full",
		Schema: "live_chat",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	fmt.Println(d.Limits().Calls, "calls in one transaction") // it connects when there is something to send
	// Output: 5000 calls in one transaction
}
