package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/disk"
)

// look looks at the file without opening it: who opens it cuts off a line that
// is not whole, which a gateway that runs may be writing just now.
func look(path string) (found []destination.Finding) {
	problem := func(text, do string) []destination.Finding {
		return append(found, destination.Finding{Level: destination.Problem, Text: text, Do: do})
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		found = append(found, destination.Finding{Text: "the file is not there yet; the gateway makes it"})
	case err != nil:
		return problem(err.Error(), "let the gateway's user look at it, or write another path")
	case !info.Mode().IsRegular():
		return problem(path+" is no regular file", "write the path of a file")
	default:
		if err := disk.Writable(path); err != nil {
			return problem("the file cannot be written to: "+err.Error(), "give it to the gateway's user (who runs this must be the same), or write another path")
		}
		found = append(found, destination.Finding{Text: "the file has " + disk.Size(uint64(info.Size())) + ", last written " + info.ModTime().UTC().Format(time.DateTime) + " UTC"})
	}
	dir, err := disk.Above(filepath.Dir(path))
	if err == nil {
		err = disk.Writable(dir)
	}
	if err != nil {
		return problem("nothing can be made in the file's directory: "+err.Error(), "give it to the gateway's user (who runs this must be the same), or write another path")
	}
	if free, err := disk.Free(dir); err == nil && free < disk.Little {
		found = append(found, destination.Finding{Level: destination.Warning, Text: "only " + disk.Size(free) + " are free there", Do: "make room, or have rotate_mb and keep keep less"})
	}
	return found
}
