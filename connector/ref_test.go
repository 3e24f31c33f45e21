package connector

import (
	"testing"

	"github.com/parlance-chat/parlance/conversation"
)

func TestRef(t *testing.T) {
	trusting := Options{UnverifiedIDs: true, UserIDField: "customer"}
	for _, test := range []struct {
		o    Options
		ref  string
		want conversation.Person
	}{
		{Options{}, "anonymous_id-0b1c2d3e-4f50", conversation.Person{AnonymousID: "0b1c2d3e-4f50"}},
		{Options{AnonymousIDField: "segment"}, "segment-0b1c", conversation.Person{AnonymousID: "0b1c"}},
		{Options{AnonymousIDField: "segment"}, "anonymous_id-0b1c", conversation.Person{}},
		{Options{}, "user_id-4711", conversation.Person{}},
		{Options{UnverifiedIDs: true}, "user_id-4711", conversation.Person{UserID: "4711"}},
		{trusting, "customer-4711", conversation.Person{UserID: "4711"}},
		{trusting, "summer-sale", conversation.Person{}},
		{trusting, "", conversation.Person{}},
	} {
		if got := test.o.Ref(test.ref); got != test.want {
			t.Errorf("%q: got %+v, want %+v", test.ref, got, test.want)
		}
	}
}
