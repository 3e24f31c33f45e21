package warehouse_test

import (
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

func Example() {
	l := warehouse.New()
	rows, err := l.Rows(destination.Attempt{
		SentAt: time.Now(),
		Calls:  []destination.Call{{MessageID: "m1", JSON: []byte(`{"type":"page","anonymousId":"a","name":"Home"}`)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, t := range l.Tables {
		for _, row := range rows[i] {
			for j, c := range t.Columns {
				if c.Kind == warehouse.Text && row[j] != nil {
					fmt.Printf("%s.%s = %v\n", t.Name, c.Name, row[j])
				}
			}
		}
	}
	// Output:
	// pages.id = m1
	// pages.anonymous_id = a
	// pages.name = Home
}
