package deliver

import (
	"regexp"
	"strings"
)

// mask stands where something was.
const mask = "[redacted]"

var (
	// email is generous: a word that only looks like an address is masked too.
	email = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	// digits are runs of digits as people write telephone and card numbers.
	digits = regexp.MustCompile(`\+?\(?\d(?:[ \x{00A0}./()-]{0,3}\d){6,}`)
	date   = regexp.MustCompile(`^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})$`)
)

// redact masks e-mail addresses, telephone numbers and card numbers. It would
// rather mask an order number of seven digits or more than let a telephone
// number through; dates stay.
func redact(text string) string {
	text = email.ReplaceAllLiteralString(text, mask)
	return digits.ReplaceAllStringFunc(text, func(s string) string {
		if date.MatchString(strings.TrimSpace(s)) {
			return s
		}
		return mask
	})
}
