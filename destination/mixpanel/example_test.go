package mixpanel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/mixpanel"
)

func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _, _ := r.BasicAuth()
		fmt.Println(r.Method, r.URL, token)
		fmt.Fprint(w, `{"code":200,"num_records_imported":1,"status":"OK"}`)
	}))
	defer receiver.Close()
	d, err := mixpanel.Open(mixpanel.Settings{ProjectToken: "token-1234", Region: "eu", Endpoint: receiver.URL})
	if err != nil {
		panic(err)
	}
	defer d.Close()
	err = d.Send(context.Background(), destination.Attempt{Calls: []destination.Call{
		{MessageID: "1", JSON: []byte(`{"type":"track","event":"Order Completed","userId":"u-1","messageId":"1","timestamp":"2026-03-02T09:00:00.000Z"}`)},
	}})
	fmt.Println(err)
	// Output:
	// POST /import?strict=1 token-1234
	// <nil>
}
