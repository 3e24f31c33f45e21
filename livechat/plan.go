package livechat

// SegmentPlan returns a tracking plan for Segment Protocols: the body of
// PUT /tracking-plans/{id}/rules of Segment's Public API, with one rule for
// each event. No event without problems violates it, and it forbids no
// further properties.
//
// Source: https://docs.segmentapis.com/tag/Tracking-Plans
func SegmentPlan() []byte {
	type rule struct {
		Type       string      `json:"type"`
		Key        Kind        `json:"key"`
		Version    int         `json:"version"`
		JSONSchema eventSchema `json:"jsonSchema"`
	}
	var plan struct {
		Rules []rule `json:"rules"`
	}
	for _, k := range Kinds() {
		plan.Rules = append(plan.Rules, rule{"TRACK", k, 1, k.schema()})
	}
	return document(plan)
}

// RudderStackPlan returns the same tracking plan in the form in which
// RudderStack's transformer reads it: the types of properties are lists there.
// RudderStack gives the events IDs of its own.
func RudderStackPlan() []byte {
	type event struct {
		Name        Kind        `json:"name"`
		EventType   string      `json:"eventType"`
		Description string      `json:"description"`
		Rules       eventSchema `json:"rules"`
	}
	plan := struct {
		Name    string  `json:"name"`
		Version int     `json:"version"`
		Events  []event `json:"events"`
	}{Name: "Live Chat", Version: 1}
	for _, k := range Kinds() {
		rules := k.schema()
		for _, p := range rules.Properties.Properties.Properties {
			p["type"] = []any{p["type"]}
		}
		plan.Events = append(plan.Events, event{k, "track", k.description(), rules})
	}
	return document(plan)
}
