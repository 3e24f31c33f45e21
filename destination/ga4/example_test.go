package ga4_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/ga4"
)

func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	d, err := ga4.Open(ga4.Settings{MeasurementID: "G-1234567890", APISecret: "secret", Region: "eu", Endpoint: receiver.URL})
	if err != nil {
		panic(err)
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{Calls: []destination.Call{
		{MessageID: "1", JSON: []byte(`{"type":"track","event":"Order Completed","userId":"u-1","messageId":"1","timestamp":"2026-03-02T09:00:00.000Z"}`)},
	}})
	fmt.Println(err)
	// Output:
	// POST /mp/collect?api_secret=secret&measurement_id=G-1234567890
	// <nil>
}
