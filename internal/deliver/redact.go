package deliver

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// mask stands where something was. It is shorter than the shortest that it
// stands for, so that no call becomes larger than a receiver takes.
const mask = "***"

// A masker finds what is to be masked.
type masker struct{ email, number, date, named *regexp.Regexp }

// masks is made when something is first masked: it takes half a megabyte.
var masks = sync.OnceValue(func() masker {
	return masker{
		// Generous: a word that only looks like an address is masked too.
		email: regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`),
		// A run of digits, of any script, as people write telephone and card
		// numbers.
		number: regexp.MustCompile(`\+?\(?\p{Nd}(?:[\p{Zs}\p{Pd}./()]{0,3}\p{Nd}){6,}`),
		// Alone in such a run.
		date: regexp.MustCompile(`(?:^|\p{Zs})(?:(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d)(?:$|\p{Zs})`),
		// What stands before the number of something else than a person.
		named: regexp.MustCompile(`(?i:\b(?:order|invoice|ticket|case|booking|reservation|tracking|reference|ref)(?:\p{Zs}+(?:number|no|nr|id|code|is))*)[\p{Zs}.:]*$|#\p{Zs}?$|\b[A-Z]{1,5}[-_]?$`),
	}
})

// maxNamed is how many digits the number of an order may have. More may be a
// card, whatever it is called.
const maxNamed = 12

// redact masks e-mail addresses, telephone numbers and card numbers. Dates
// stay, and what is called the number of an order or the like; for the rest it
// would rather mask any seven digits than let a telephone number through.
func redact(text string) string {
	text = masks().email.ReplaceAllLiteralString(text, mask)
	var b strings.Builder
	done := 0
	for _, at := range masks().number.FindAllStringIndex(text, -1) {
		b.WriteString(text[done:at[0]])
		b.WriteString(redactNumber(text[:at[0]], text[at[0]:at[1]]))
		done = at[1]
	}
	b.WriteString(text[done:])
	return b.String()
}

// redactNumber masks a run of digits, given what stands before it.
func redactNumber(before, run string) string {
	if at := masks().date.FindStringIndex(run); at != nil {
		return redactNumber(before, run[:at[0]]) + run[at[0]:at[1]] + redactNumber(mask, run[at[1]:])
	}
	digits := 0
	for _, r := range run {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits < 7 || digits <= maxNamed && run[0] != '+' && masks().named.MatchString(before) {
		return run
	}
	return mask
}
