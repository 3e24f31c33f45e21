package tracking

import (
	"regexp"

	"github.com/parlance-chat/parlance/livechat"
)

// date is a text that warehouses take for a time.
var date = regexp.MustCompile(`^[+-]?\d{4}-\d\d-\d\d([Tt\s][-+:.,\d\sA-Za-z]*)?$`)

// KeepText has a message_body that is nothing but a date stay text. Warehouses
// that give a column the type of its first value would make it a column of
// times, and set every later message aside. A space before it is enough.
func KeepText(call *Object) {
	call.ours(func(properties *Object) {
		if body, ok := properties.Text("message_body"); ok && date.MatchString(body) {
			properties.SetText("message_body", " "+body)
		}
	})
}

// Alias gives a property of the Live Chat events a second name.
func Alias(call *Object, property, alias string) {
	call.ours(func(properties *Object) { properties.Copy(property, alias) })
}

// ours changes the properties of a Live Chat event. All else passes through.
func (o *Object) ours(edit func(properties *Object)) {
	event, _ := o.Text("event")
	for _, k := range livechat.Kinds() {
		if string(k) == event {
			o.Within("properties", edit)
		}
	}
}
