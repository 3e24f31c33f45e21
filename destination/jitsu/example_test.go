package jitsu_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/jitsu"
)

func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
		fmt.Fprintln(w, `{"ok":true,"receivedEvents":1,"okEvents":1}`)
	}))
	defer receiver.Close()
	d, err := jitsu.Open(jitsu.Settings{WriteKey: "key:secret", Endpoint: receiver.URL})
	if err != nil {
		panic(err)
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{Calls: []destination.Call{
		{MessageID: "1", JSON: []byte(`{"type":"track","event":"Order Completed","userId":"u-1","messageId":"1"}`)},
	}})
	fmt.Println(err)
	// Output:
	// POST /api/s/s2s/batch
	// <nil>
}
