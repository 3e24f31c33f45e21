package segment_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/segment"
)

func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _, _ := r.BasicAuth()
		fmt.Println(r.Method, r.URL.Path, key)
	}))
	defer receiver.Close()
	d, err := segment.Open(segment.Settings{WriteKey: "a-write-key", Region: "us", Endpoint: receiver.URL})
	if err != nil {
		panic(err)
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{Calls: []destination.Call{
		{MessageID: "1", JSON: []byte(`{"type":"track","event":"Order Completed","userId":"u-1","messageId":"1"}`)},
	}})
	fmt.Println(err)
	// Output:
	// POST /v1/batch a-write-key
	// <nil>
}
