package amplitude_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/amplitude"
)

func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
		fmt.Fprint(w, `{"code":200,"events_ingested":1,"payload_size_bytes":50,"server_upload_time":1396381378123}`)
	}))
	defer receiver.Close()
	d, err := amplitude.Open(amplitude.Settings{APIKey: "key-1234", Region: "eu", Endpoint: receiver.URL})
	if err != nil {
		panic(err)
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{Calls: []destination.Call{
		{MessageID: "1", JSON: []byte(`{"type":"track","event":"Order Completed","userId":"u-1","messageId":"1","timestamp":"2026-03-02T09:00:00.000Z"}`)},
	}})
	fmt.Println(err)
	// Output:
	// POST /2/httpapi
	// <nil>
}
