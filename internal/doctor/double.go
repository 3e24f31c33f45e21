package doctor

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/parlance-chat/parlance/destination"
)

// Doubles warns, in the parts of the patients, of those that lead to the same
// place: what both get is there twice. Each has the other in its way only if
// both get everything.
func Doubles(patients []Patient, parts []Part) {
	for i, a := range patients {
		for _, b := range patients[:i] {
			if !same(a, b) {
				continue
			}
			text := fmt.Sprintf("it leads to the same place as the destination %s: what both get is counted twice there", b.Name)
			do := "remove one of the two"
			if a.Changed || b.Changed {
				do = "see that no event goes to both: only, except"
			}
			parts[i].Add(destination.Finding{Level: destination.Warning, Text: text, Do: do})
		}
	}
}

// same reports whether two destinations lead to the same place.
func same(a, b Patient) bool {
	if a.Type.Name != b.Type.Name {
		return false
	}
	if reflect.DeepEqual(a.Settings, b.Settings) {
		return true
	}
	la, ok := a.Destination.(destination.Located)
	lb, too := b.Destination.(destination.Located)
	if !ok || !too {
		return false
	}
	urlA, accountA := la.Location()
	urlB, accountB := lb.Location()
	return strings.EqualFold(urlA, urlB) && accountA == accountB
}
