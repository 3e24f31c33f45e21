package parquet_test

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination/parquet"
)

func Example() {
	d, err := parquet.Open(parquet.Settings{URL: "s3://example-lake/chat?region=eu-central-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	l := d.Limits() // it connects when there is something to send
	fmt.Println(l.Calls, "calls, or what comes within", l.Age)
	// Output: 10000 calls, or what comes within 5m0s
}
